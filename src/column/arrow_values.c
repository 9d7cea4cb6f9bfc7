/*
 * arrow_values.c - rows of Arrow arrays as flat values of ours.
 *
 * Foreign memory may be unaligned, so every load is a memcpy. NULL slots may hold anything: they
 * are never looked at and come out as zero. What does not fit our type is an error that names the
 * column and the row of the batch.
 */
#include "column/arrow.h"

typedef struct tni_arrow_job {
    const tni_env *env;
    const tni_arrow_view *view;
    const tni_arrow_format *format;
    const char *column;
    int64_t first;
    uint32_t count;
    const uint64_t *validity; /* of these rows, from bit 0 */
    tni_error *error;
} tni_arrow_job;

static bool tni_arrow_valid(const tni_arrow_job *job, uint32_t i) {
    return tni_bit_get(job->validity, i);
}

static const uint8_t *tni_arrow_at(const tni_arrow_job *job, uint32_t i) {
    return job->view->data +
           (size_t)(job->view->start + job->first + (int64_t)i) * job->format->width;
}

static int64_t tni_arrow_load(const uint8_t *at, uint32_t width) {
    int64_t wide;
    int32_t narrow;
    if (width == 4) {
        memcpy(&narrow, at, 4);
        return narrow;
    }
    memcpy(&wide, at, 8);
    return wide;
}

static trueno_status tni_arrow_row_fails(const tni_arrow_job *job, trueno_status status, uint32_t i,
                                         const char *what) {
    return tni_fail(job->error, status, "column \"%s\", row %lld of the Arrow batch: %s",
                    job->column, (long long)(job->first + (int64_t)i), what);
}

/* ---------------------------------------------------------------------------- fixed width --- */

static void tni_arrow_same(const tni_arrow_job *job, void *values) {
    size_t width = job->format->width;
    if (job->count) {
        memcpy(values, tni_arrow_at(job, 0), width * job->count);
        tni_append_zero_nulls(values, width, job->validity, 0, job->count);
    }
}

static void tni_arrow_bits(const tni_arrow_job *job, uint8_t *values) {
    uint64_t at = (uint64_t)(job->view->start + job->first);
    uint32_t i;
    for (i = 0; i < job->count; i++, at++) {
        uint32_t bit = (uint32_t)job->view->data[at >> 3] >> (at & 7);
        values[i] = (uint8_t)(bit & (tni_arrow_valid(job, i) ? 1u : 0u));
    }
}

/* IEEE 754 binary16 to binary32, exactly. */
static float tni_arrow_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16, exponent = (half >> 10) & 31u;
    uint32_t mantissa = half & 0x3ffu, bits;
    float value;
    if (exponent == 31) {
        bits = sign | 0x7f800000u | mantissa << 13;
    } else if (exponent) {
        bits = sign | (exponent + 112) << 23 | mantissa << 13;
    } else { /* zero and subnormals: mantissa * 2^-24 */
        value = (float)mantissa * (1.0f / 16777216.0f);
        return sign ? -value : value;
    }
    memcpy(&value, &bits, 4);
    return value;
}

static void tni_arrow_halves(const tni_arrow_job *job, float *values) {
    uint32_t i;
    for (i = 0; i < job->count; i++) {
        uint16_t half;
        memcpy(&half, tni_arrow_at(job, i), 2);
        values[i] = tni_arrow_valid(job, i) ? tni_arrow_half(half) : 0.0f;
    }
}

static int64_t tni_arrow_floor_divide(int64_t value, int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
}

static trueno_status tni_arrow_days(const tni_arrow_job *job, int32_t *values) {
    uint32_t i;
    for (i = 0; i < job->count; i++) {
        int64_t days = tni_arrow_floor_divide(tni_arrow_load(tni_arrow_at(job, i), 8), 86400000);
        values[i] = 0;
        if (!tni_arrow_valid(job, i)) {
            continue;
        }
        if (days < INT32_MIN || days > INT32_MAX) {
            return tni_arrow_row_fails(job, TRUENO_ERROR_OUT_OF_RANGE, i, "date out of range");
        }
        values[i] = (int32_t)days;
    }
    return TRUENO_OK;
}

/* A value in microseconds; false when that overflows. */
static bool tni_arrow_scale(const tni_arrow_job *job, uint32_t i, int64_t *out) {
    int64_t value = tni_arrow_load(tni_arrow_at(job, i), job->format->width);
    int64_t by = job->format->multiply;
    if (value > INT64_MAX / by || value < INT64_MIN / by) {
        return false;
    }
    *out = tni_arrow_floor_divide(value * by, job->format->divide);
    return true;
}

static trueno_status tni_arrow_scaled(const tni_arrow_job *job, int64_t *values) {
    uint32_t i;
    for (i = 0; i < job->count; i++) {
        values[i] = 0;
        if (tni_arrow_valid(job, i) && !tni_arrow_scale(job, i, &values[i])) {
            return tni_arrow_row_fails(job, TRUENO_ERROR_OUT_OF_RANGE, i, "time out of range");
        }
    }
    return TRUENO_OK;
}

/* -------------------------------------------------------------------- intervals, decimals --- */

static bool tni_arrow_interval(const tni_arrow_job *job, uint32_t i, tni_interval *out) {
    const uint8_t *at = tni_arrow_at(job, i);
    switch (job->format->kind) {
    case TNI_ARROW_DURATION: return tni_arrow_scale(job, i, &out->microseconds);
    case TNI_ARROW_MONTHS: out->months = (int32_t)tni_arrow_load(at, 4); return true;
    case TNI_ARROW_DAYS_TIME:
        out->days = (int32_t)tni_arrow_load(at, 4);
        out->microseconds = tni_arrow_load(at + 4, 4) * 1000;
        return true;
    default:
        out->months = (int32_t)tni_arrow_load(at, 4);
        out->days = (int32_t)tni_arrow_load(at + 4, 4);
        out->microseconds = tni_arrow_floor_divide(tni_arrow_load(at + 8, 8), 1000);
        return true;
    }
}

static trueno_status tni_arrow_intervals(const tni_arrow_job *job, tni_interval *values) {
    uint32_t i;
    for (i = 0; i < job->count; i++) {
        memset(&values[i], 0, sizeof values[i]);
        if (tni_arrow_valid(job, i) && !tni_arrow_interval(job, i, &values[i])) {
            return tni_arrow_row_fails(job, TRUENO_ERROR_OUT_OF_RANGE, i, "duration out of range");
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_arrow_decimals(const tni_arrow_job *job, void *values) {
    bool wide = tni_type_width(job->format->type) == 16;
    uint32_t i;
    for (i = 0; i < job->count; i++) {
        tni_i128 value = tni_i128_from_i64(0);
        if (!tni_arrow_valid(job, i)) {
            /* stays zero */
        } else if (job->format->width == 16) {
            memcpy(&value.low, tni_arrow_at(job, i), 8);
            memcpy(&value.high, tni_arrow_at(job, i) + 8, 8);
        } else {
            value = tni_i128_from_i64(tni_arrow_load(tni_arrow_at(job, i), job->format->width));
        }
        if (wide) {
            ((tni_i128 *)values)[i] = value;
        } else if (tni_i128_fits_i64(value)) {
            ((int64_t *)values)[i] = (int64_t)value.low;
        } else {
            return tni_arrow_row_fails(job, TRUENO_ERROR_OUT_OF_RANGE, i,
                                       "more digits than the decimal's precision");
        }
    }
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------------- strings --- */

static int64_t tni_arrow_offset(const tni_arrow_job *job, uint32_t i) {
    return tni_arrow_load(tni_arrow_at(job, i), job->format->width);
}

/* Rows 0 .. count have ascending offsets into a heap that is there. */
static trueno_status tni_arrow_check_offsets(const tni_arrow_job *job) {
    int64_t last = tni_arrow_offset(job, 0);
    uint32_t i;
    for (i = 0; i < job->count; i++) {
        int64_t next = tni_arrow_offset(job, i + 1);
        if (last < 0 || next < last || next - last > UINT32_MAX) {
            return tni_arrow_row_fails(job, TRUENO_ERROR_INVALID, i, "impossible string offsets");
        }
        last = next;
    }
    if (!job->view->heap && last > tni_arrow_offset(job, 0)) {
        return tni_arrow_row_fails(job, TRUENO_ERROR_INVALID, 0, "strings without a data buffer");
    }
    return TRUENO_OK;
}

static trueno_status tni_arrow_offset_strings(const tni_arrow_job *job, tni_string *values) {
    uint32_t i;
    TNI_TRY(tni_arrow_check_offsets(job));
    for (i = 0; i < job->count; i++) {
        int64_t from = tni_arrow_offset(job, i), to = tni_arrow_offset(job, i + 1);
        if (tni_arrow_valid(job, i) && to > from) {
            values[i] = tni_string_make(job->view->heap + from, (size_t)(to - from));
        } else {
            memset(&values[i], 0, sizeof values[i]);
        }
    }
    return TRUENO_OK;
}

/* int32 length, then 12 bytes inline, or 4 bytes prefix, int32 buffer, int32 offset. */
static bool tni_arrow_view_string(const tni_arrow_job *job, uint32_t i, tni_string *out) {
    const uint8_t *at = tni_arrow_at(job, i);
    int64_t length = tni_arrow_load(at, 4), buffer, offset, size;
    if (length < 0) {
        return false;
    }
    if (length <= 12) {
        *out = tni_string_make(at + 4, (size_t)length);
        return true;
    }
    buffer = tni_arrow_load(at + 8, 4);
    offset = tni_arrow_load(at + 12, 4);
    if (buffer < 0 || buffer >= job->view->variadic_count || offset < 0) {
        return false;
    }
    size = tni_arrow_load(job->view->variadic_sizes + 8 * buffer, 8);
    if (offset > size || length > size - offset || !job->view->variadic[buffer]) {
        return false;
    }
    *out = tni_string_make((const uint8_t *)job->view->variadic[buffer] + offset, (size_t)length);
    return true;
}

static trueno_status tni_arrow_view_strings(const tni_arrow_job *job, tni_string *values) {
    uint32_t i;
    for (i = 0; i < job->count; i++) {
        memset(&values[i], 0, sizeof values[i]);
        if (tni_arrow_valid(job, i) && !tni_arrow_view_string(job, i, &values[i])) {
            return tni_arrow_row_fails(job, TRUENO_ERROR_INVALID, i, "impossible string view");
        }
    }
    return TRUENO_OK;
}

static void tni_arrow_fixed_bytes(const tni_arrow_job *job, tni_string *values) {
    uint32_t i;
    for (i = 0; i < job->count; i++) {
        memset(&values[i], 0, sizeof values[i]);
        if (tni_arrow_valid(job, i) && job->format->width) {
            values[i] = tni_string_make(tni_arrow_at(job, i), job->format->width);
        }
    }
}

static trueno_status tni_arrow_check_utf8(const tni_arrow_job *job, const tni_string *values) {
    uint32_t i;
    for (i = 0; i < job->count; i++) {
        if (!tni_utf8_valid(tni_string_data(&values[i]), values[i].length)) {
            return tni_arrow_row_fails(job, TRUENO_ERROR_INVALID, i, "not valid UTF-8");
        }
    }
    return TRUENO_OK;
}

/* Most text is ASCII: one look at the bytes of all rows then spares the rows. */
static bool tni_arrow_all_ascii(const tni_arrow_job *job) {
    int64_t from, to;
    if ((job->format->kind != TNI_ARROW_OFFSETS32 && job->format->kind != TNI_ARROW_OFFSETS64) ||
        !job->env->kernels) {
        return false;
    }
    from = tni_arrow_offset(job, 0);
    to = tni_arrow_offset(job, job->count);
    return to == from || job->env->kernels->ascii_all(job->view->heap + from, (size_t)(to - from));
}

static trueno_status tni_arrow_strings(const tni_arrow_job *job, tni_string *values) {
    if (!job->count) {
        return TRUENO_OK;
    }
    if (job->format->kind == TNI_ARROW_FIXED_BYTES) {
        tni_arrow_fixed_bytes(job, values);
        return TRUENO_OK;
    }
    if (job->format->kind == TNI_ARROW_VIEWS) {
        TNI_TRY(tni_arrow_view_strings(job, values));
    } else {
        TNI_TRY(tni_arrow_offset_strings(job, values));
    }
    if (job->format->type.id == TRUENO_TYPE_VARCHAR && !tni_arrow_all_ascii(job)) {
        return tni_arrow_check_utf8(job, values);
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------------- entry --- */

TNI_FN trueno_status tni_arrow_convert(const tni_env *env, const tni_arrow_view *view,
                                       const tni_arrow_format *format, const char *column,
                                       int64_t first, uint32_t count, void *values,
                                       uint64_t *validity, tni_error *error) {
    tni_arrow_job job;
    TNI_ASSERT(first >= 0 && first <= view->length - (int64_t)count);
    job.env = env;
    job.view = view;
    job.format = format;
    job.column = column;
    job.first = first;
    job.count = count;
    job.validity = validity;
    job.error = error;
    tni_arrow_copy_bits(view->validity, (uint64_t)(view->start + first), count, validity);
    switch (format->kind) {
    case TNI_ARROW_NULL:
        memset(validity, 0, tni_bitmap_words(count) * 8);
        memset(values, 0, (size_t)count * tni_type_width(format->type));
        return TRUENO_OK;
    case TNI_ARROW_SAME: tni_arrow_same(&job, values); return TRUENO_OK;
    case TNI_ARROW_BITS: tni_arrow_bits(&job, (uint8_t *)values); return TRUENO_OK;
    case TNI_ARROW_HALF: tni_arrow_halves(&job, (float *)values); return TRUENO_OK;
    case TNI_ARROW_DAYS_MS: return tni_arrow_days(&job, (int32_t *)values);
    case TNI_ARROW_SCALED: return tni_arrow_scaled(&job, (int64_t *)values);
    case TNI_ARROW_DURATION:
    case TNI_ARROW_MONTHS:
    case TNI_ARROW_DAYS_TIME:
    case TNI_ARROW_MONTHS_DAYS: return tni_arrow_intervals(&job, (tni_interval *)values);
    case TNI_ARROW_DECIMAL: return tni_arrow_decimals(&job, values);
    case TNI_ARROW_OFFSETS32:
    case TNI_ARROW_OFFSETS64:
    case TNI_ARROW_VIEWS:
    case TNI_ARROW_FIXED_BYTES: return tni_arrow_strings(&job, (tni_string *)values);
    }
    return TRUENO_OK;
}
