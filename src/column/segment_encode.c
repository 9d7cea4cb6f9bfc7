/*
 * segment_encode.c - choosing a segment's encoding, and what its zone map says.
 *
 * Fixed-width values are looked at first (bounds, runs, order), then written once in the form
 * with the fewest bytes: CONSTANT, RLE when that at least halves the rest, NARROW, PLAIN. NULL
 * slots are first patched with a neighbour's value, so that no later step needs the bitmap, and
 * read as zero in what is written. Strings become codes in the caller's interner, or in a
 * dictionary of their own when that is smaller than offsets and bytes.
 *
 * Floats are compared bit by bit where values are stored (-0.0 and NaNs survive), by value in
 * the zone map. Bounds cover finite values only; has_nan tells that there are others.
 *
 * Uses: segment, dictionary, simd through env->kernels.
 */
#include "column/segment.h"

#define TNI_ENCODE_SAMPLE 2048u      /* rows hashed to estimate the distinct count */
#define TNI_ENCODE_SKETCH 32768u     /* bits of the sample's bitmap */
#define TNI_ENCODE_TRIAL 4096u       /* strings before a dictionary may be given up */

/* What is being encoded. `values` has its NULL slots patched where there are any. */
typedef struct tni_encode {
    const tni_env *env;
    tni_type type;
    tni_physical physical;
    uint32_t width;
    uint32_t rows;
    uint32_t valid;            /* rows that are not NULL */
    const void *values;
    const uint64_t *validity;  /* NULL when there are no NULLs */
    tni_buffer *patched;       /* our copy of `values`, or NULL */
    uint32_t runs;             /* of bitwise equal values; rows + 1: too many to be counted */
    uint64_t span;             /* integers: max - min */
    tni_segment *segment;
    tni_error *error;
} tni_encode;

static void tni_encode_end(tni_encode *e) {
    tni_buffer_release(e->patched);
    e->patched = NULL;
}

/* out[i] = v[i] where row i is valid, else the value of the last valid row, `last` at first. No
 * branch: it would be mispredicted at every other NULL. */
#define TNI_ENCODE_PICK(kind, old, now, bit) (kind)((old) ^ (((old) ^ (now)) & (0 - (bit))))
#define TNI_ENCODE_PICK_WIDE(kind, old, now, bit) ((bit) ? (now) : (old))
#define TNI_ENCODE_PATCH(name, kind, pick)                                                         \
    static void tni_encode_patch_##name(const kind *v, const uint64_t *validity, uint32_t rows,    \
                                        kind last, kind *out) {                                    \
        uint32_t i, j, end;                                                                        \
        for (i = 0; i < rows; i = end) {                                                           \
            uint64_t word = validity[i / 64];                                                      \
            end = TNI_MIN(rows, i + 64);                                                           \
            for (j = i; j < end; j++, word >>= 1) {                                                \
                last = pick(kind, last, v[j], word & 1);                                           \
                out[j] = last;                                                                     \
            }                                                                                      \
        }                                                                                          \
    }
TNI_ENCODE_PATCH(8, uint8_t, TNI_ENCODE_PICK)
TNI_ENCODE_PATCH(16, uint16_t, TNI_ENCODE_PICK)
TNI_ENCODE_PATCH(32, uint32_t, TNI_ENCODE_PICK)
TNI_ENCODE_PATCH(64, uint64_t, TNI_ENCODE_PICK)
TNI_ENCODE_PATCH(128, tni_i128, TNI_ENCODE_PICK_WIDE)

/* A copy of the values in which a NULL row repeats the valid row before it (the first ones the
 * row after them). At least one row is valid. */
static trueno_status tni_encode_patch(tni_encode *e) {
    size_t size = (size_t)e->rows * e->width;
    const void *v = e->values;
    uint32_t first = 0;
    void *to;
    if (!e->validity) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_buffer_new(e->env->memory, size, &e->patched, e->error));
    to = e->patched->data;
    while (!tni_bit_get(e->validity, first)) {
        first++;
    }
#define TNI_ENCODE_PATCH_AS(name, kind)                                                            \
    tni_encode_patch_##name((const kind *)v, e->validity, e->rows, ((const kind *)v)[first],       \
                            (kind *)to)
    switch (e->width) {
    case 1: TNI_ENCODE_PATCH_AS(8, uint8_t); break;
    case 2: TNI_ENCODE_PATCH_AS(16, uint16_t); break;
    case 4: TNI_ENCODE_PATCH_AS(32, uint32_t); break;
    case 8: TNI_ENCODE_PATCH_AS(64, uint64_t); break;
    default: TNI_ENCODE_PATCH_AS(128, tni_i128); break;
    }
#undef TNI_ENCODE_PATCH_AS
    e->values = to;
    return TRUENO_OK;
}

/* ---- runs and order ---- */

/* Both stop early on data that shows nothing of the kind; the inner loops are vectorisable. */
#define TNI_ENCODE_SCAN(name, type)                                                                \
    static uint32_t tni_encode_runs_##name(const type *v, uint32_t rows, uint32_t limit) {         \
        uint32_t runs = 1, i = 1;                                                                  \
        while (i < rows && runs <= limit) {                                                        \
            uint32_t end = TNI_MIN(rows, i + 1024);                                                \
            for (; i < end; i++) {                                                                 \
                runs += v[i] != v[i - 1];                                                          \
            }                                                                                      \
        }                                                                                          \
        return runs <= limit ? runs : rows + 1;                                                    \
    }
#define TNI_ENCODE_ORDER(name, type)                                                               \
    static bool tni_encode_sorted_##name(const type *v, uint32_t rows) {                           \
        uint32_t falls = 0, i = 1;                                                                 \
        while (i < rows && falls == 0) {                                                           \
            uint32_t end = TNI_MIN(rows, i + 1024);                                                \
            for (; i < end; i++) {                                                                 \
                falls += v[i] < v[i - 1];                                                          \
            }                                                                                      \
        }                                                                                          \
        return falls == 0;                                                                         \
    }
TNI_ENCODE_SCAN(8, uint8_t)
TNI_ENCODE_SCAN(16, uint16_t)
TNI_ENCODE_SCAN(32, uint32_t)
TNI_ENCODE_SCAN(64, uint64_t)
TNI_ENCODE_ORDER(i8, int8_t)
TNI_ENCODE_ORDER(i16, int16_t)
TNI_ENCODE_ORDER(i32, int32_t)
TNI_ENCODE_ORDER(i64, int64_t)
TNI_ENCODE_ORDER(u8, uint8_t)
TNI_ENCODE_ORDER(u16, uint16_t)
TNI_ENCODE_ORDER(u32, uint32_t)
TNI_ENCODE_ORDER(u64, uint64_t)
TNI_ENCODE_ORDER(f32, float)
TNI_ENCODE_ORDER(f64, double)

static uint32_t tni_encode_runs_wide(const uint8_t *v, uint32_t rows, uint32_t limit) {
    uint32_t runs = 1, i;
    for (i = 1; i < rows && runs <= limit; i++) {
        runs += memcmp(v + (size_t)i * 16, v + (size_t)(i - 1) * 16, 16) != 0;
    }
    return runs <= limit ? runs : rows + 1;
}

static uint32_t tni_encode_runs(const tni_encode *e, uint32_t limit) {
    switch (e->width) {
    case 1: return tni_encode_runs_8((const uint8_t *)e->values, e->rows, limit);
    case 2: return tni_encode_runs_16((const uint16_t *)e->values, e->rows, limit);
    case 4: return tni_encode_runs_32((const uint32_t *)e->values, e->rows, limit);
    case 8: return tni_encode_runs_64((const uint64_t *)e->values, e->rows, limit);
    default: return tni_encode_runs_wide((const uint8_t *)e->values, e->rows, limit);
    }
}

static bool tni_encode_sorted_i128(const tni_i128 *v, uint32_t rows) {
    uint32_t i;
    for (i = 1; i < rows; i++) {
        if (tni_i128_compare(v[i - 1], v[i]) > 0) {
            return false;
        }
    }
    return true;
}

/* Ascending by value. NaN is above all else, which `<` does not know: not called then. */
static bool tni_encode_sorted(const tni_encode *e) {
    const void *v = e->values;
    switch (e->physical) {
    case TNI_PHYSICAL_BOOL:
    case TNI_PHYSICAL_U8: return tni_encode_sorted_u8((const uint8_t *)v, e->rows);
    case TNI_PHYSICAL_I8: return tni_encode_sorted_i8((const int8_t *)v, e->rows);
    case TNI_PHYSICAL_I16: return tni_encode_sorted_i16((const int16_t *)v, e->rows);
    case TNI_PHYSICAL_I32: return tni_encode_sorted_i32((const int32_t *)v, e->rows);
    case TNI_PHYSICAL_I64: return tni_encode_sorted_i64((const int64_t *)v, e->rows);
    case TNI_PHYSICAL_U16: return tni_encode_sorted_u16((const uint16_t *)v, e->rows);
    case TNI_PHYSICAL_U32: return tni_encode_sorted_u32((const uint32_t *)v, e->rows);
    case TNI_PHYSICAL_U64: return tni_encode_sorted_u64((const uint64_t *)v, e->rows);
    case TNI_PHYSICAL_I128: return tni_encode_sorted_i128((const tni_i128 *)v, e->rows);
    case TNI_PHYSICAL_F32: return tni_encode_sorted_f32((const float *)v, e->rows);
    case TNI_PHYSICAL_F64: return tni_encode_sorted_f64((const double *)v, e->rows);
    default: return false;
    }
}

/* ---- bounds ---- */

#define TNI_ENCODE_BOUNDS(name, type)                                                              \
    static void tni_encode_bounds_##name(const type *v, uint32_t rows, type *low, type *high) {    \
        uint32_t i;                                                                                \
        *low = *high = v[0];                                                                       \
        for (i = 1; i < rows; i++) {                                                               \
            *low = v[i] < *low ? v[i] : *low;                                                      \
            *high = v[i] > *high ? v[i] : *high;                                                   \
        }                                                                                          \
    }
TNI_ENCODE_BOUNDS(i8, int8_t)
TNI_ENCODE_BOUNDS(i16, int16_t)
TNI_ENCODE_BOUNDS(u64, uint64_t)

/* Bounds of the finite values of a column that has others; false when it has none. */
#define TNI_ENCODE_FINITE(name, type)                                                              \
    static bool tni_encode_finite_##name(const type *v, uint32_t rows, type *low, type *high) {    \
        bool any = false;                                                                          \
        uint32_t i;                                                                                \
        for (i = 0; i < rows; i++) {                                                               \
            if (v[i] - v[i] == 0) {                                                                \
                *low = !any || v[i] < *low ? v[i] : *low;                                          \
                *high = !any || v[i] > *high ? v[i] : *high;                                       \
                any = true;                                                                        \
            }                                                                                      \
        }                                                                                          \
        return any;                                                                                \
    }
TNI_ENCODE_FINITE(f32, float)
TNI_ENCODE_FINITE(f64, double)

static void tni_encode_bounds_i128(const tni_i128 *v, uint32_t rows, tni_i128 *low,
                                   tni_i128 *high) {
    uint32_t i;
    *low = *high = v[0];
    for (i = 1; i < rows; i++) {
        *low = tni_i128_compare(v[i], *low) < 0 ? v[i] : *low;
        *high = tni_i128_compare(v[i], *high) > 0 ? v[i] : *high;
    }
}

/* min, max and has_nan of the zone, a function per physical type. */
#define TNI_ENCODE_LIMITS(name, kind, find)                                                        \
    static bool tni_encode_limits_##name(const tni_encode *e, tni_zone *zone) {                    \
        const kind *v = (const kind *)e->values;                                                   \
        kind low, high;                                                                            \
        bool any = true;                                                                           \
        find(name, v, low, high);                                                                  \
        zone->min = tni_value_load(e->type, &low);                                                 \
        zone->max = tni_value_load(e->type, &high);                                                \
        return any;                                                                                \
    }
#define TNI_FIND_BY_KERNEL(name, v, low, high)                                                     \
    (void)e->env->kernels->min_max_##name(v, e->rows, NULL, &low, &high)
#define TNI_FIND_BY_LOOP(name, v, low, high) tni_encode_bounds_##name(v, e->rows, &low, &high)
#define TNI_FIND_FLOAT(name, v, low, high)                                                         \
    (void)e->env->kernels->min_max_##name(v, e->rows, NULL, &low, &high);                          \
    zone->has_nan = !(low - low == 0) || !(high - high == 0);                                      \
    if (zone->has_nan) {                                                                           \
        any = tni_encode_finite_##name(v, e->rows, &low, &high);                                   \
    }
TNI_ENCODE_LIMITS(u8, uint8_t, TNI_FIND_BY_KERNEL)
TNI_ENCODE_LIMITS(u16, uint16_t, TNI_FIND_BY_KERNEL)
TNI_ENCODE_LIMITS(u32, uint32_t, TNI_FIND_BY_KERNEL)
TNI_ENCODE_LIMITS(i32, int32_t, TNI_FIND_BY_KERNEL)
TNI_ENCODE_LIMITS(i64, int64_t, TNI_FIND_BY_KERNEL)
TNI_ENCODE_LIMITS(i8, int8_t, TNI_FIND_BY_LOOP)
TNI_ENCODE_LIMITS(i16, int16_t, TNI_FIND_BY_LOOP)
TNI_ENCODE_LIMITS(u64, uint64_t, TNI_FIND_BY_LOOP)
TNI_ENCODE_LIMITS(i128, tni_i128, TNI_FIND_BY_LOOP)
TNI_ENCODE_LIMITS(f32, float, TNI_FIND_FLOAT)
TNI_ENCODE_LIMITS(f64, double, TNI_FIND_FLOAT)

static bool tni_encode_find_bounds(const tni_encode *e, tni_zone *zone) {
    switch (e->physical) {
    case TNI_PHYSICAL_BOOL:
    case TNI_PHYSICAL_U8: return tni_encode_limits_u8(e, zone);
    case TNI_PHYSICAL_U16: return tni_encode_limits_u16(e, zone);
    case TNI_PHYSICAL_U32: return tni_encode_limits_u32(e, zone);
    case TNI_PHYSICAL_U64: return tni_encode_limits_u64(e, zone);
    case TNI_PHYSICAL_I8: return tni_encode_limits_i8(e, zone);
    case TNI_PHYSICAL_I16: return tni_encode_limits_i16(e, zone);
    case TNI_PHYSICAL_I32: return tni_encode_limits_i32(e, zone);
    case TNI_PHYSICAL_I64: return tni_encode_limits_i64(e, zone);
    case TNI_PHYSICAL_I128: return tni_encode_limits_i128(e, zone);
    case TNI_PHYSICAL_F32: return tni_encode_limits_f32(e, zone);
    case TNI_PHYSICAL_F64: return tni_encode_limits_f64(e, zone);
    default: return false; /* INTERVAL has no zone bounds */
    }
}

/* ---- distinct values, estimated ---- */

/* What part of `domain` equally likely values `draws` draws miss: (1 - 1/domain)^draws. */
static double tni_encode_missed(double domain, uint32_t draws) {
    double base = 1.0 - 1.0 / domain, product = 1.0;
    for (; draws; draws >>= 1) {
        product *= draws & 1 ? base : 1.0;
        base *= base;
    }
    return product;
}

/* The domain size that makes `seen` distinct values out of `draws` likely, at most `rows`. */
static uint64_t tni_encode_invert(uint32_t seen, uint32_t draws, uint32_t rows) {
    uint32_t low = seen, high = rows;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if ((double)middle * (1.0 - tni_encode_missed((double)middle, draws)) < (double)seen) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint64_t tni_encode_distinct(const tni_encode *e) {
    uint64_t sketch[TNI_ENCODE_SKETCH / 64];
    uint32_t draws = TNI_MIN(e->rows, TNI_ENCODE_SAMPLE), i;
    const uint8_t *v = (const uint8_t *)e->values;
    uint32_t seen;
    memset(sketch, 0, sizeof sketch);
    for (i = 0; i < draws; i++) {
        size_t row = (size_t)i * e->rows / draws;
        uint64_t value[2] = {0, 0};
        memcpy(value, v + row * e->width, e->width);
        value[0] = tni_hash_combine(value[0], value[1]);
        tni_bit_set(sketch, (size_t)(value[0] % TNI_ENCODE_SKETCH));
    }
    seen = (uint32_t)tni_bitmap_count(sketch, TNI_ENCODE_SKETCH);
    /* the sketch itself merges a few: seen values among its bits, undone the same way */
    seen = (uint32_t)((double)seen * (1.0 + (double)seen / (2.0 * TNI_ENCODE_SKETCH)));
    return seen + 1 >= draws ? e->valid : tni_encode_invert(seen, draws, e->valid);
}

/* ---- the zone of fixed-width values ---- */

static bool tni_encode_is_integer(const tni_encode *e) {
    return e->physical == TNI_PHYSICAL_BOOL || tni_type_has_narrow(e->type);
}

static void tni_encode_zone(tni_encode *e, tni_zone *zone) {
    zone->has_bounds = tni_encode_find_bounds(e, zone);
    zone->exact = zone->has_bounds;
    zone->sorted = !zone->has_nan && tni_encode_sorted(e);
    e->runs = tni_encode_runs(e, zone->sorted ? e->rows : e->rows / 8 + 1);
    e->span = UINT64_MAX;
    if (zone->has_bounds && tni_encode_is_integer(e)) {
        e->span = e->physical == TNI_PHYSICAL_BOOL
                      ? (uint64_t)zone->max.as.boolean - (uint64_t)zone->min.as.boolean
                      : zone->max.as.natural - zone->min.as.natural;
    }
    zone->distinct = e->runs == 1 || zone->sorted ? e->runs : tni_encode_distinct(e);
    zone->distinct = TNI_MIN(zone->distinct, e->valid);
    if (zone->distinct > e->span) {
        zone->distinct = e->span + 1;
    }
}

/* ---- writing ---- */

/* A fresh buffer in slot `slot` of the segment; its bytes count as the segment's. */
static trueno_status tni_encode_buffer(tni_encode *e, uint32_t slot, size_t size, void **data) {
    TNI_TRY(tni_buffer_new(e->env->memory, size, &e->segment->buffers[slot], e->error));
    e->segment->bytes += size;
    *data = e->segment->buffers[slot]->data;
    return TRUENO_OK;
}

static trueno_status tni_encode_copy_validity(tni_encode *e) {
    void *data;
    if (!e->validity) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_encode_buffer(e, 1, tni_bitmap_words(e->rows) * 8, &data));
    tni_bitmap_copy((uint64_t *)data, e->validity, 0, e->rows);
    e->segment->validity = (const uint64_t *)data;
    return TRUENO_OK;
}

static trueno_status tni_encode_constant(tni_encode *e) {
    void *data;
    TNI_TRY(tni_encode_buffer(e, 0, 16, &data));
    memset(data, 0, 16);
    memcpy(data, e->values, e->width);
    e->segment->encoding = TNI_ENCODING_CONSTANT;
    e->segment->data = data;
    e->segment->constant = tni_value_load(e->type, data);
    return TRUENO_OK;
}

/* Every row writes the slot of its run; the last one of the run is what stays. */
#define TNI_ENCODE_RUNS(name, kind, differ)                                                        \
    static void tni_encode_write_runs_##name(const kind *v, uint32_t rows, kind *out,              \
                                             uint32_t *ends) {                                     \
        uint32_t run = 0, i;                                                                       \
        for (i = 0; i + 1 < rows; i++) {                                                           \
            out[run] = v[i];                                                                       \
            ends[run] = i + 1;                                                                     \
            run += differ(v[i], v[i + 1]);                                                         \
        }                                                                                          \
        out[run] = v[i];                                                                           \
        ends[run] = rows;                                                                          \
    }
#define TNI_ENCODE_DIFFER(x, y) ((x) != (y))
#define TNI_ENCODE_DIFFER_WIDE(x, y) (memcmp(&(x), &(y), 16) != 0)
TNI_ENCODE_RUNS(8, uint8_t, TNI_ENCODE_DIFFER)
TNI_ENCODE_RUNS(16, uint16_t, TNI_ENCODE_DIFFER)
TNI_ENCODE_RUNS(32, uint32_t, TNI_ENCODE_DIFFER)
TNI_ENCODE_RUNS(64, uint64_t, TNI_ENCODE_DIFFER)
TNI_ENCODE_RUNS(128, tni_i128, TNI_ENCODE_DIFFER_WIDE)

static trueno_status tni_encode_runs_write(tni_encode *e) {
    const void *v = e->values;
    uint32_t *ends;
    void *data, *to;
    TNI_TRY(tni_encode_buffer(e, 3, (size_t)e->runs * sizeof *ends, &data));
    ends = (uint32_t *)data;
    TNI_TRY(tni_encode_buffer(e, 0, (size_t)e->runs * e->width, &to));
    switch (e->width) {
    case 1: tni_encode_write_runs_8((const uint8_t *)v, e->rows, (uint8_t *)to, ends); break;
    case 2: tni_encode_write_runs_16((const uint16_t *)v, e->rows, (uint16_t *)to, ends); break;
    case 4: tni_encode_write_runs_32((const uint32_t *)v, e->rows, (uint32_t *)to, ends); break;
    case 8: tni_encode_write_runs_64((const uint64_t *)v, e->rows, (uint64_t *)to, ends); break;
    default: tni_encode_write_runs_128((const tni_i128 *)v, e->rows, (tni_i128 *)to, ends);
    }
    e->segment->encoding = TNI_ENCODING_RLE;
    e->segment->data = to;
    e->segment->run_ends = ends;
    e->segment->run_count = e->runs;
    return TRUENO_OK;
}

#define TNI_ENCODE_CODES(from, to)                                                                 \
    static void tni_encode_codes_##from##_##to(const void *values, uint32_t rows, uint64_t base,   \
                                               void *codes) {                                      \
        const uint##from##_t *v = (const uint##from##_t *)values;                                  \
        uint##to##_t *out = (uint##to##_t *)codes;                                                 \
        uint32_t i;                                                                                \
        for (i = 0; i < rows; i++) {                                                               \
            out[i] = (uint##to##_t)(v[i] - (uint##from##_t)base);                                  \
        }                                                                                          \
    }
TNI_ENCODE_CODES(8, 8)
TNI_ENCODE_CODES(16, 8)
TNI_ENCODE_CODES(16, 16)
TNI_ENCODE_CODES(32, 8)
TNI_ENCODE_CODES(32, 16)
TNI_ENCODE_CODES(64, 8)
TNI_ENCODE_CODES(64, 16)
TNI_ENCODE_CODES(64, 32)

static uint32_t tni_encode_code_width(uint64_t largest) {
    return largest <= UINT8_MAX ? 1 : largest <= UINT16_MAX ? 2 : largest <= UINT32_MAX ? 4 : 8;
}

static trueno_status tni_encode_narrow(tni_encode *e, uint32_t code_width) {
    uint64_t base = e->segment->zone.min.as.natural;
    void *data;
    TNI_TRY(tni_encode_buffer(e, 0, (size_t)e->rows * code_width, &data));
    switch (e->width * 8 + code_width) {
    case 1 * 8 + 1: tni_encode_codes_8_8(e->values, e->rows, base, data); break;
    case 2 * 8 + 2: tni_encode_codes_16_16(e->values, e->rows, base, data); break;
    case 2 * 8 + 1: tni_encode_codes_16_8(e->values, e->rows, base, data); break;
    case 4 * 8 + 1: tni_encode_codes_32_8(e->values, e->rows, base, data); break;
    case 4 * 8 + 2: tni_encode_codes_32_16(e->values, e->rows, base, data); break;
    case 8 * 8 + 1: tni_encode_codes_64_8(e->values, e->rows, base, data); break;
    case 8 * 8 + 2: tni_encode_codes_64_16(e->values, e->rows, base, data); break;
    default: tni_encode_codes_64_32(e->values, e->rows, base, data); break;
    }
    tni_vector_clear_nulls(data, code_width, e->validity, e->rows);
    e->segment->encoding = TNI_ENCODING_NARROW;
    e->segment->code_width = (uint8_t)code_width;
    e->segment->base = (int64_t)base;
    e->segment->data = data;
    return TRUENO_OK;
}

/* The patched copy, where there is one, becomes the segment's data. */
static trueno_status tni_encode_plain(tni_encode *e) {
    size_t size = (size_t)e->rows * e->width;
    void *data;
    if (e->patched) {
        e->segment->buffers[0] = e->patched;
        e->segment->bytes += size;
        e->patched = NULL;
        data = e->segment->buffers[0]->data;
        tni_vector_clear_nulls(data, e->width, e->validity, e->rows);
    } else {
        TNI_TRY(tni_encode_buffer(e, 0, size, &data));
        memcpy(data, e->values, size);
    }
    e->segment->encoding = TNI_ENCODING_PLAIN;
    e->segment->data = data;
    return TRUENO_OK;
}

static trueno_status tni_encode_fixed(tni_encode *e) {
    uint32_t code_width = e->width;
    TNI_TRY(tni_encode_patch(e));
    tni_encode_zone(e, &e->segment->zone);
    if (tni_type_has_narrow(e->type)) {
        code_width = TNI_MIN(code_width, tni_encode_code_width(e->span));
    }
    if (e->runs == 1) {
        return tni_encode_constant(e);
    }
    if (e->runs <= e->rows / 8 &&
        (uint64_t)e->runs * (e->width + 4) * 2 <= (uint64_t)e->rows * code_width) {
        return tni_encode_runs_write(e);
    }
    /* one and two bytes wide, codes cost the same, and kernels and group keys know them */
    if (tni_type_has_narrow(e->type) && e->width <= 2 && e->segment->zone.has_bounds) {
        return tni_encode_narrow(e, code_width);
    }
    return code_width < e->width ? tni_encode_narrow(e, code_width) : tni_encode_plain(e);
}

/* ---- strings ---- */

/* Codes of all rows in `interner`; NULL rows get 0. Gives up (*enough = false) when, after a
 * trial, most strings are new and `patient` is not set. */
static trueno_status tni_encode_intern(tni_encode *e, tni_interner *interner, bool patient,
                                       uint32_t *codes, bool *enough) {
    const tni_string *v = (const tni_string *)e->values, *last = NULL;
    uint32_t code = 0, seen = 0, i;
    *enough = false;
    for (i = 0; i < e->rows; i++) {
        codes[i] = 0;
        if (e->validity && !tni_bit_get(e->validity, i)) {
            continue;
        }
        if (!last || !tni_string_same(last, &v[i])) {
            TNI_TRY(tni_interner_add(interner, &v[i], tni_hash_string(&v[i]), &code, e->error));
            last = &v[i];
        }
        codes[i] = code;
        seen++;
        if (!patient && seen % TNI_ENCODE_TRIAL == 0 && interner->count > seen / 4 * 3) {
            return TRUENO_OK;
        }
    }
    *enough = true;
    return TRUENO_OK;
}

/* The codes in as many bytes as the largest needs. */
static trueno_status tni_encode_write_codes(tni_encode *e, const uint32_t *codes) {
    uint32_t most = 0, width, i;
    void *data;
    for (i = 0; i < e->rows; i++) {
        most = TNI_MAX(most, codes[i]);
    }
    width = tni_encode_code_width(most);
    TNI_TRY(tni_encode_buffer(e, 0, (size_t)e->rows * width, &data));
    if (width == 1) {
        tni_encode_codes_32_8(codes, e->rows, 0, data);
    } else if (width == 2) {
        tni_encode_codes_32_16(codes, e->rows, 0, data);
    } else {
        memcpy(data, codes, (size_t)e->rows * 4);
    }
    e->segment->encoding = TNI_ENCODING_DICT;
    e->segment->code_width = (uint8_t)width;
    e->segment->data = data;
    return TRUENO_OK;
}

static uint32_t tni_encode_prefix(const tni_string *string) {
    return (uint32_t)string->bytes[0] << 24 | (uint32_t)string->bytes[1] << 16 |
           (uint32_t)string->bytes[2] << 8 | string->bytes[3];
}

/* Widen the zone's bounds by one string; most lie inside by their first four bytes already. */
static void tni_encode_bound_string(tni_zone *zone, tni_type type, const tni_string *string) {
    uint32_t prefix = tni_encode_prefix(string);
    if (!zone->has_bounds) {
        zone->min = zone->max = tni_value_string(type, *string);
        zone->has_bounds = zone->exact = true;
        return;
    }
    if (prefix <= tni_encode_prefix(&zone->min.as.string) &&
        tni_string_compare(string, &zone->min.as.string) < 0) {
        zone->min.as.string = *string;
    } else if (prefix >= tni_encode_prefix(&zone->max.as.string) &&
               tni_string_compare(string, &zone->max.as.string) > 0) {
        zone->max.as.string = *string;
    }
}

/* Bounds, distinct count and order from the codes of the valid rows. `values` live on. Without
 * memory for the bitmap of codes the zone stays without bounds. */
static void tni_encode_zone_codes(const tni_encode *e, const tni_vector *codes, uint32_t count,
                                  const tni_string *values, tni_zone *zone) {
    size_t size = tni_bitmap_words(count) * 8;
    uint64_t *met = (uint64_t *)tni_alloc_zero(e->env->memory, size);
    const tni_string *last = NULL;
    uint64_t previous = UINT64_MAX;
    uint32_t i;
    if (!met) {
        return;
    }
    zone->sorted = true;
    zone->distinct = 0;
    for (i = 0; i < e->rows; i++) {
        uint64_t code = tni_vector_code(codes, i);
        if (code == previous || code >= count ||
            (e->validity && !tni_bit_get(e->validity, i))) {
            continue;
        }
        previous = code;
        if (!tni_bit_get(met, (size_t)code)) {
            tni_bit_set(met, (size_t)code);
            zone->distinct++;
            tni_encode_bound_string(zone, e->type, &values[code]);
        }
        zone->sorted =
            zone->sorted && (!last || tni_string_compare(last, &values[code]) <= 0);
        last = &values[code];
    }
    tni_free(e->env->memory, met, size);
}

/* The same from strings that lie one by one. */
static void tni_encode_zone_strings(const tni_encode *e, const tni_segment *segment,
                                    tni_zone *zone) {
    uint64_t sketch[TNI_ENCODE_SKETCH / 64];
    uint32_t draws = TNI_MIN(e->valid, TNI_ENCODE_SAMPLE), stride, seen, valid = 0, sampled = 0, i;
    tni_string last = tni_string_make(NULL, 0);
    memset(sketch, 0, sizeof sketch);
    stride = draws ? e->valid / draws : 1;
    zone->sorted = true;
    for (i = 0; i < e->rows; i++) {
        tni_string string;
        if (e->validity && !tni_bit_get(e->validity, i)) {
            continue;
        }
        string = tni_segment_string(segment, i);
        tni_encode_bound_string(zone, e->type, &string);
        if (zone->sorted) {
            zone->sorted = tni_string_compare(&last, &string) <= 0;
            last = string;
        }
        if (valid++ % stride == 0) {
            tni_bit_set(sketch, (size_t)(tni_hash_string(&string) % TNI_ENCODE_SKETCH));
            sampled++;
        }
    }
    seen = (uint32_t)tni_bitmap_count(sketch, TNI_ENCODE_SKETCH);
    seen = (uint32_t)((double)seen * (1.0 + (double)seen / (2.0 * TNI_ENCODE_SKETCH)));
    zone->distinct =
        seen + 1 >= sampled ? e->valid : tni_encode_invert(seen, sampled, e->valid);
}

static void tni_encode_code_vector(const tni_encode *e, tni_vector *out) {
    memset(out, 0, sizeof *out);
    out->form = TNI_FORM_DICT;
    out->code_width = e->segment->code_width;
    out->data = e->segment->data;
}

/* Bytes of the long strings and of all strings among the valid rows. */
static uint64_t tni_encode_string_bytes(const tni_encode *e) {
    const tni_string *v = (const tni_string *)e->values;
    uint64_t total = 0;
    uint32_t i;
    for (i = 0; i < e->rows; i++) {
        if (!e->validity || tni_bit_get(e->validity, i)) {
            total += v[i].length;
        }
    }
    return total;
}

static trueno_status tni_encode_offsets(tni_encode *e, uint64_t total) {
    const tni_string *v = (const tni_string *)e->values;
    bool wide = total > UINT32_MAX;
    uint64_t at = 0;
    uint8_t *heap;
    void *offsets, *data;
    uint32_t i;
    if (total > SIZE_MAX / 2) {
        return tni_memory_fail(e->env->memory, SIZE_MAX, e->error);
    }
    TNI_TRY(tni_encode_buffer(e, 2, (size_t)total, &data));
    heap = (uint8_t *)data;
    TNI_TRY(tni_encode_buffer(e, 0, ((size_t)e->rows + 1) * (wide ? 8 : 4), &offsets));
    for (i = 0; i <= e->rows; i++) {
        if (wide) {
            ((uint64_t *)offsets)[i] = at;
        } else {
            ((uint32_t *)offsets)[i] = (uint32_t)at;
        }
        if (i < e->rows && v[i].length && (!e->validity || tni_bit_get(e->validity, i))) {
            memcpy(heap + at, tni_string_data(&v[i]), v[i].length);
            at += v[i].length;
        }
    }
    e->segment->encoding = TNI_ENCODING_PLAIN;
    e->segment->strings = wide ? TNI_STRINGS_OFFSETS64 : TNI_STRINGS_OFFSETS32;
    e->segment->data = offsets;
    e->segment->heap = heap;
    e->segment->heap_size = total;
    tni_encode_zone_strings(e, e->segment, &e->segment->zone);
    return TRUENO_OK;
}

/* One string for every valid row. */
static trueno_status tni_encode_one_string(tni_encode *e, const tni_string *string) {
    tni_zone *zone = &e->segment->zone;
    tni_string copy = *string;
    void *data;
    TNI_TRY(tni_encode_buffer(e, 0, sizeof copy, &data));
    if (string->length > TNI_STRING_INLINE) {
        void *heap;
        TNI_TRY(tni_encode_buffer(e, 2, string->length, &heap));
        memcpy(heap, string->tail.pointer, string->length);
        copy = tni_string_make(heap, string->length);
    }
    memcpy(data, &copy, sizeof copy);
    e->segment->encoding = TNI_ENCODING_CONSTANT;
    e->segment->data = data;
    e->segment->constant = tni_value_string(e->type, copy);
    tni_encode_bound_string(zone, e->type, &copy);
    zone->sorted = true;
    zone->distinct = 1;
    return TRUENO_OK;
}

/* A dictionary of the segment's own when it is the smaller form; else offsets and bytes. */
static trueno_status tni_encode_own_dictionary(tni_encode *e, tni_interner *interner,
                                               const uint32_t *codes, bool enough) {
    uint64_t total = tni_encode_string_bytes(e), plain, coded;
    uint32_t count = interner->count;
    tni_dictionary *dictionary;
    tni_vector view;
    plain = total + ((uint64_t)e->rows + 1) * (total > UINT32_MAX ? 8 : 4);
    coded = (uint64_t)count * sizeof(tni_string) + interner->heap.total +
            (uint64_t)e->rows * tni_encode_code_width(count ? count - 1 : 0);
    if (enough && count == 1) {
        return tni_encode_one_string(e, &interner->values[0]);
    }
    if (!enough || coded >= plain) {
        return tni_encode_offsets(e, total);
    }
    TNI_TRY(tni_encode_write_codes(e, codes));
    e->segment->bytes = e->segment->bytes + coded - (uint64_t)e->rows * e->segment->code_width;
    TNI_TRY(tni_interner_seal(interner, false, NULL, &dictionary, e->error));
    e->segment->dictionary = dictionary;
    tni_encode_code_vector(e, &view);
    tni_encode_zone_codes(e, &view, count, dictionary->values, &e->segment->zone);
    return TRUENO_OK;
}

static trueno_status tni_encode_strings(tni_encode *e, tni_interner *shared) {
    size_t size = (size_t)e->rows * sizeof(uint32_t);
    uint32_t *codes = (uint32_t *)tni_alloc(e->env->memory, size);
    tni_interner own, *interner = shared ? shared : &own;
    trueno_status status;
    bool enough;
    if (!codes) {
        return tni_memory_fail(e->env->memory, size, e->error);
    }
    tni_interner_init(&own, e->env->memory);
    status = tni_encode_intern(e, interner, shared != NULL, codes, &enough);
    if (status == TRUENO_OK && !shared) {
        status = tni_encode_own_dictionary(e, interner, codes, enough);
    } else if (status == TRUENO_OK) {
        status = tni_encode_write_codes(e, codes);
        if (status == TRUENO_OK) {
            tni_vector view;
            tni_encode_code_vector(e, &view);
            tni_encode_zone_codes(e, &view, shared->count, shared->values, &e->segment->zone);
        }
    }
    tni_interner_free(&own);
    tni_free(e->env->memory, codes, size);
    return status;
}

/* ---- the whole ---- */

static void tni_encode_begin(tni_encode *e, const tni_env *env, tni_segment *segment,
                             const void *values, const uint64_t *validity, tni_error *error) {
    memset(e, 0, sizeof *e);
    e->env = env;
    e->type = segment->type;
    e->physical = tni_type_physical(segment->type);
    e->width = tni_physical_width(e->physical);
    e->rows = segment->rows;
    e->valid = validity ? (uint32_t)tni_bitmap_count(validity, e->rows) : e->rows;
    e->values = values;
    e->validity = e->valid == e->rows ? NULL : validity;
    e->segment = segment;
    e->error = error;
    memset(&segment->zone, 0, sizeof segment->zone);
    segment->zone.rows = e->rows;
    segment->zone.null_count = e->rows - e->valid;
    segment->zone.has_nulls = e->valid != e->rows;
    segment->zone.min = segment->zone.max = tni_value_null(e->type);
}

static trueno_status tni_encode_all(tni_encode *e, tni_interner *interner) {
    TNI_TRY(tni_encode_copy_validity(e));
    if (e->valid == 0) {
        e->segment->encoding = TNI_ENCODING_CONSTANT;
        e->segment->constant = tni_value_null(e->type);
        e->segment->zone.sorted = true;
        return TRUENO_OK;
    }
    return e->physical == TNI_PHYSICAL_STRING ? tni_encode_strings(e, interner)
                                              : tni_encode_fixed(e);
}

TNI_FN trueno_status tni_segment_encode(const tni_env *env, tni_type type, const void *values,
                                        const uint64_t *validity, uint32_t rows,
                                        tni_interner *interner, tni_segment **out,
                                        tni_error *error) {
    tni_encode e;
    trueno_status status;
    TNI_TRY(tni_segment_new(env->memory, type, rows, out, error));
    tni_encode_begin(&e, env, *out, values, validity, error);
    status = tni_encode_all(&e, interner);
    tni_encode_end(&e);
    if (status != TRUENO_OK) {
        tni_segment_release(*out);
        *out = NULL;
        return status;
    }
    (*out)->bytes += sizeof **out;
    return TRUENO_OK;
}

/* ---- zones of segments made elsewhere ---- */

/* All values flat, in memory to be freed with tni_free; NULL when there is none to be had. */
static void *tni_encode_decode(const tni_env *env, const tni_segment *segment, uint32_t width) {
    uint8_t *values = (uint8_t *)tni_alloc(env->memory, (size_t)segment->rows * width);
    tni_scratch scratch;
    uint32_t first, rows;
    tni_scratch_init(&scratch, env->memory);
    for (first = 0; values && first < segment->rows; first += rows) {
        tni_vector vector;
        rows = TNI_MIN(segment->rows - first, TNI_VECTOR_ROWS);
        tni_scratch_reset(&scratch);
        if (tni_segment_view(env, segment, first, rows, &scratch, &vector, NULL) != TRUENO_OK ||
            tni_vector_flatten(env, &vector, rows, &scratch, &vector, NULL) != TRUENO_OK) {
            tni_free(env->memory, values, (size_t)segment->rows * width);
            values = NULL;
            break;
        }
        memcpy(values + (size_t)first * width, vector.data, (size_t)rows * width);
    }
    tni_scratch_free(&scratch);
    return values;
}

static void tni_encode_zone_fixed(tni_encode *e, const tni_segment *segment) {
    size_t size = (size_t)e->rows * e->width;
    void *decoded = NULL;
    e->values = segment->data;
    if (segment->encoding != TNI_ENCODING_PLAIN) {
        e->values = decoded = tni_encode_decode(e->env, segment, e->width);
    }
    if (e->values && tni_encode_patch(e) == TRUENO_OK) {
        tni_encode_zone(e, &e->segment->zone);
    }
    tni_free(e->env->memory, decoded, size);
}

TNI_FN void tni_segment_compute_zone(const tni_env *env, tni_segment *segment) {
    tni_zone *zone = &segment->zone;
    tni_encode e;
    tni_encode_begin(&e, env, segment, NULL, segment->validity, NULL);
    if (segment->encoding == TNI_ENCODING_CONSTANT && !segment->data) {
        e.valid = 0;
        zone->null_count = e.rows;
        zone->has_nulls = e.rows != 0;
    }
    if (e.valid == 0) {
        zone->sorted = true;
    } else if (e.physical != TNI_PHYSICAL_STRING) {
        tni_encode_zone_fixed(&e, segment);
    } else if (segment->encoding == TNI_ENCODING_CONSTANT) {
        tni_encode_bound_string(zone, e.type, (const tni_string *)segment->data);
        zone->sorted = true;
        zone->distinct = 1;
    } else if (segment->encoding == TNI_ENCODING_PLAIN) {
        tni_encode_zone_strings(&e, segment, zone);
    } else if (segment->encoding == TNI_ENCODING_DICT && segment->dictionary) {
        tni_vector codes;
        tni_encode_code_vector(&e, &codes);
        tni_encode_zone_codes(&e, &codes, segment->dictionary->count,
                              segment->dictionary->values, zone);
    }
    tni_encode_end(&e);
}

#undef TNI_ENCODE_SAMPLE
#undef TNI_ENCODE_SKETCH
#undef TNI_ENCODE_TRIAL
#undef TNI_ENCODE_PATCH
#undef TNI_ENCODE_PICK
#undef TNI_ENCODE_PICK_WIDE
#undef TNI_ENCODE_RUNS
#undef TNI_ENCODE_DIFFER
#undef TNI_ENCODE_DIFFER_WIDE
#undef TNI_ENCODE_SCAN
#undef TNI_ENCODE_ORDER
#undef TNI_ENCODE_BOUNDS
#undef TNI_ENCODE_FINITE
#undef TNI_ENCODE_LIMITS
#undef TNI_FIND_BY_KERNEL
#undef TNI_FIND_BY_LOOP
#undef TNI_FIND_FLOAT
#undef TNI_ENCODE_CODES
