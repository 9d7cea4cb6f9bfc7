/*
 * csv_convert.c - a column of a field table to a segment.
 *
 * Column at a time, so that one loop does one thing: read the field's bounds, try the form that
 * nearly every value has (8 digits by three multiplications, short decimals exact in double
 * arithmetic, ISO dates), else the general cast. Values go straight into the segment's buffer.
 * Loads of 8 bytes may run over a field's end but not over the text's: near it the general cast
 * takes over.
 *
 * Uses: csv_parts.h, codec.h (loads), number, bits.
 */
#include "format/csv/csv_parts.h"

#include "base/bits.h"
#include "base/number.h"
#include "codec/codec.h"

/* ------------------------------------------------------------------------------ fast forms --- */

/* n = 1..8 digits in the low bytes of `raw`, first digit lowest. */
TNI_FORCE_INLINE bool tni_csv_digits(uint64_t raw, uint32_t n, uint32_t *out) {
    uint32_t shift = (8 - n) * 8;
    uint64_t v = (raw << shift) | (UINT64_C(0x3030303030303030) & ((UINT64_C(1) << shift) - 1));
    if (((v & UINT64_C(0xf0f0f0f0f0f0f0f0)) |
         (((v + UINT64_C(0x0606060606060606)) & UINT64_C(0xf0f0f0f0f0f0f0f0)) >> 4)) !=
        UINT64_C(0x3333333333333333)) {
        return false;
    }
    v -= UINT64_C(0x3030303030303030);
    v = v * 10 + (v >> 8);
    *out = (uint32_t)((((v & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064)) +
                       (((v >> 16) & UINT64_C(0x000000ff000000ff)) *
                        UINT64_C(0x0000271000000001))) >>
                      32);
    return true;
}

TNI_FORCE_INLINE bool tni_csv_fast_i64(const uint8_t *p, int32_t length, const uint8_t *end,
                                       int64_t *out) {
    bool negative;
    uint32_t n, high, low;
    int64_t value;
    if (length <= 0 || end - p < 17) {
        return false;
    }
    negative = *p == '-';
    p += negative;
    n = (uint32_t)length - negative;
    if (n - 1 < 8) {
        if (!tni_csv_digits(tni_load_le64(p), n, &low)) {
            return false;
        }
        value = low;
    } else if (n - 1 < 16) {
        if (!tni_csv_digits(tni_load_le64(p), n - 8, &high) ||
            !tni_csv_digits(tni_load_le64(p + n - 8), 8, &low)) {
            return false;
        }
        value = (int64_t)high * 100000000 + low;
    } else {
        return false;
    }
    *out = negative ? -value : value;
    return true;
}

static const double tni_csv_powers[17] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7, 1e8,
                                          1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};
static const uint32_t tni_csv_powers_u32[9] = {1,      10,      100,      1000,     10000,
                                               100000, 1000000, 10000000, 100000000};

/* Exact: an integer below 2^53 over a power of ten below 10^22 rounds once. */
TNI_FORCE_INLINE bool tni_csv_fast_double(const uint8_t *p, int32_t length, const uint8_t *end,
                                          double *out) {
    bool negative;
    uint32_t n, fraction, whole_digits, whole, part;
    uint64_t raw, dots, mantissa;
    double value;
    if (length <= 0 || end - p < 18) {
        return false;
    }
    negative = *p == '-';
    p += negative;
    n = (uint32_t)length - negative;
    if (n == 0 || n > 17) {
        return false;
    }
    raw = tni_load_le64(p);
    dots = raw ^ UINT64_C(0x2e2e2e2e2e2e2e2e);
    dots = (dots - UINT64_C(0x0101010101010101)) & ~dots & UINT64_C(0x8080808080808080);
    if (n <= 8) {
        uint32_t digits = n;
        dots &= tni_low_bits(n * 8);
        fraction = 0;
        if (dots != 0) { /* close the gap where the point stood */
            uint32_t at = tni_ctz64(dots) & ~7u;
            uint64_t below = (UINT64_C(1) << at) - 1;
            raw = (raw & below) | ((raw >> 8) & ~below);
            digits = n - 1;
            fraction = digits - at / 8;
            if (digits == 0) {
                return false;
            }
        }
        if (!tni_csv_digits(raw, digits, &whole)) {
            return false;
        }
        mantissa = whole;
    } else {
        if (dots != 0) {
            whole_digits = tni_ctz64(dots) / 8;
        } else if (p[8] == '.') {
            whole_digits = 8;
        } else {
            return false;
        }
        fraction = n - 1 - whole_digits;
        if (whole_digits == 0 || fraction - 1 >= 8) {
            return false;
        }
        if (!tni_csv_digits(raw, whole_digits, &whole) ||
            !tni_csv_digits(tni_load_le64(p + whole_digits + 1), fraction, &part)) {
            return false;
        }
        mantissa = (uint64_t)whole * tni_csv_powers_u32[fraction] + part;
        if (mantissa >> 53 != 0) {
            return false;
        }
    }
    value = (double)(int64_t)mantissa / tni_csv_powers[fraction];
    *out = negative ? -value : value;
    return true;
}

/* 1 when both are digits: an int, so that callers may join several without a branch. */
TNI_FORCE_INLINE int tni_csv_two(const uint8_t *p, int *out) {
    uint32_t a = (uint32_t)p[0] - '0', b = (uint32_t)p[1] - '0';
    *out = (int)(a * 10 + b);
    return (a < 10) & (b < 10);
}

/* YYYY-MM-DD */
TNI_FORCE_INLINE bool tni_csv_fast_days(const uint8_t *p, int32_t *out) {
    int century, year, month, day;
    if (!(tni_csv_two(p, &century) & tni_csv_two(p + 2, &year) & tni_csv_two(p + 5, &month) &
          tni_csv_two(p + 8, &day)) ||
        p[4] != '-' || p[7] != '-') {
        return false;
    }
    return tni_days_from_civil(century * 100 + year, month, day, out);
}

TNI_FORCE_INLINE bool tni_csv_fast_date(const uint8_t *p, int32_t length, int32_t *out) {
    return length == 10 && tni_csv_fast_days(p, out);
}

/* YYYY-MM-DD HH:MM:SS[.f to .ffffff] */
TNI_FORCE_INLINE bool tni_csv_fast_timestamp(const uint8_t *p, int32_t length, int64_t *out) {
    int hour, minute, second;
    int32_t days, i;
    int64_t us = 0;
    if (length < 19 || length > 26 || length == 20) {
        return false;
    }
    if (!(tni_csv_two(p + 11, &hour) & tni_csv_two(p + 14, &minute) &
          tni_csv_two(p + 17, &second)) ||
        p[13] != ':' || p[16] != ':' || (p[10] != ' ' && p[10] != 'T') || hour > 23 ||
        minute > 59 || second > 59 || !tni_csv_fast_days(p, &days)) {
        return false;
    }
    if (length > 19) {
        if (p[19] != '.') {
            return false;
        }
        for (i = 20; i < length; i++) {
            uint32_t digit = (uint32_t)p[i] - '0';
            if (digit > 9) {
                return false;
            }
            us = us * 10 + (int64_t)digit;
        }
        for (; i < 26; i++) {
            us *= 10;
        }
    }
    *out = days * TNI_US_PER_DAY +
           ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * TNI_US_PER_SECOND + us;
    return true;
}

/* DECIMAL of up to 18 digits: digits with at most `scale` of them after the point. */
TNI_FORCE_INLINE bool tni_csv_fast_decimal(const uint8_t *p, int32_t length, tni_type type,
                                           int64_t *out) {
    bool negative, point = false;
    int64_t value = 0;
    int32_t i, fraction = 0, digits = 0;
    if (length <= 0 || length > 19) {
        return false;
    }
    negative = *p == '-';
    for (i = negative; i < length; i++) {
        uint32_t digit = (uint32_t)p[i] - '0';
        if (digit <= 9) {
            value = value * 10 + (int64_t)digit;
            digits++;
            fraction += point;
        } else if (p[i] == '.' && !point) {
            point = true;
        } else {
            return false;
        }
    }
    if (digits == 0 || fraction > type.scale ||
        digits - fraction > (int32_t)type.precision - (int32_t)type.scale) {
        return false; /* leading zeros may still fit: the general cast knows */
    }
    for (; fraction < type.scale; fraction++) {
        value *= 10;
    }
    *out = negative ? -value : value;
    return true;
}

/* true and false in the spelling that engines write */
TNI_FORCE_INLINE bool tni_csv_fast_bool(const uint8_t *p, int32_t length, uint8_t *out) {
    *out = length == 4;
    return (length == 4 && memcmp(p, "true", 4) == 0) ||
           (length == 5 && memcmp(p, "false", 5) == 0);
}

/* ------------------------------------------------------------------------------- a column --- */

typedef struct tni_csv_column_work {
    const tni_csv_view *view;
    const tni_csv_format *format;
    uint64_t *validity; /* ones but for NULLs */
    uint32_t nulls;
    tni_csv_stop *stop;
    uint32_t column, first;
} tni_csv_column_work;

/* The general path for one field: `out` gets its value or zero bytes for NULL. */
static TNI_NOINLINE bool tni_csv_general(tni_csv_column_work *work, uint32_t row, uint32_t start,
                                         uint32_t end, void *out, uint32_t width) {
    const tni_csv_view *view = work->view;
    tni_csv_cell cell;
    bool ok = true;
    if (start > end) {
        cell.missing = true;
    } else {
        ok = tni_csv_cell_read(view->dialect, view->table->base + start, end - start,
                               view->scratch, &cell);
    }
    if (ok && tni_csv_is_null(view->rules, work->format, &cell)) {
        memset(out, 0, width);
        tni_bit_clear(work->validity, row);
        work->nulls++;
        return true;
    }
    if (ok && cell.copied) { /* the cast may use the scratch text itself */
        uint8_t copy[256];
        size_t length = TNI_MIN(cell.length, sizeof copy);
        memcpy(copy, cell.data, length);
        ok = cell.length <= sizeof copy &&
             tni_csv_cast(view->rules, work->format, copy, length, view->scratch, out);
    } else if (ok) {
        ok = tni_csv_cast(view->rules, work->format, cell.data, cell.length, view->scratch, out);
    }
    if (!ok) {
        work->stop->record = work->first + row;
        work->stop->column = work->column;
        work->stop->fault = TNI_CSV_FAULT_CAST;
    }
    return ok;
}

#define TNI_CSV_LOOP(type, test)                                                                   \
    do {                                                                                           \
        type *values = (type *)out;                                                                \
        for (row = 0; row < rows; row++) {                                                         \
            uint32_t start = *cursor.starts + cursor.bias, end = *cursor.ends;                     \
            const uint8_t *p = base + start;                                                       \
            int32_t length = (int32_t)(end - start);                                               \
            if (length >= 2 && *p == quote && p[length - 1] == quote) {                            \
                p++;                                                                               \
                length -= 2;                                                                       \
            }                                                                                      \
            cursor.starts += cursor.start_step;                                                    \
            cursor.ends += cursor.end_step;                                                        \
            if (TNI_UNLIKELY(!(test)) &&                                                           \
                !tni_csv_general(work, row, start, end, values + row, sizeof(type))) {             \
                return false;                                                                      \
            }                                                                                      \
        }                                                                                          \
        return true;                                                                               \
    } while (0)

#define TNI_CSV_INTEGER(type, low, high)                                                           \
    TNI_CSV_LOOP(type, fast && tni_csv_fast_i64(p, length, limit, &wide) && wide >= (low) &&       \
                           wide <= (high) && (values[row] = (type)wide, true))

static bool tni_csv_column_values(tni_csv_column_work *work, uint32_t rows, void *out) {
    const tni_csv_table *table = work->view->table;
    const uint8_t *base = table->base, *limit = work->view->text_end;
    tni_csv_cursor cursor = tni_csv_cursor_make(table, work->column, work->first);
    const tni_csv_format *format = work->format;
    uint32_t quote = work->view->dialect->quote != 0 ? work->view->dialect->quote : 256;
    bool fast = work->view->rules->fast;
    bool fast_words = work->view->rules->only_empty || work->view->rules->null_count == 0;
    bool iso = fast && format->date_format == NULL && format->date_order == TNI_CSV_DATE_YMD;
    int64_t wide = 0;
    uint32_t row;
    switch (format->type.id) {
    case TRUENO_TYPE_TINYINT: TNI_CSV_INTEGER(int8_t, INT8_MIN, INT8_MAX);
    case TRUENO_TYPE_SMALLINT: TNI_CSV_INTEGER(int16_t, INT16_MIN, INT16_MAX);
    case TRUENO_TYPE_INTEGER: TNI_CSV_INTEGER(int32_t, INT32_MIN, INT32_MAX);
    case TRUENO_TYPE_BIGINT:
        TNI_CSV_LOOP(int64_t, fast && tni_csv_fast_i64(p, length, limit, values + row));
    case TRUENO_TYPE_UTINYINT: TNI_CSV_INTEGER(uint8_t, 0, UINT8_MAX);
    case TRUENO_TYPE_USMALLINT: TNI_CSV_INTEGER(uint16_t, 0, UINT16_MAX);
    case TRUENO_TYPE_UINTEGER: TNI_CSV_INTEGER(uint32_t, 0, UINT32_MAX);
    case TRUENO_TYPE_UBIGINT: TNI_CSV_INTEGER(uint64_t, 0, INT64_MAX);
    case TRUENO_TYPE_DOUBLE:
        TNI_CSV_LOOP(double, fast && tni_csv_fast_double(p, length, limit, values + row));
    case TRUENO_TYPE_DATE:
        TNI_CSV_LOOP(int32_t, iso && tni_csv_fast_date(p, length, values + row));
    case TRUENO_TYPE_TIMESTAMP:
    case TRUENO_TYPE_TIMESTAMP_TZ:
        TNI_CSV_LOOP(int64_t, iso && tni_csv_fast_timestamp(p, length, values + row));
    case TRUENO_TYPE_BOOLEAN:
        TNI_CSV_LOOP(uint8_t, fast_words && tni_csv_fast_bool(p, length, values + row));
    case TRUENO_TYPE_FLOAT: TNI_CSV_LOOP(float, false);
    case TRUENO_TYPE_HUGEINT: TNI_CSV_LOOP(tni_i128, false);
    case TRUENO_TYPE_INTERVAL: TNI_CSV_LOOP(tni_interval, false);
    case TRUENO_TYPE_DECIMAL:
        if (format->type.precision > 18) {
            TNI_CSV_LOOP(tni_i128, false);
        }
        TNI_CSV_LOOP(int64_t,
                     fast && tni_csv_fast_decimal(p, length, format->type, values + row));
    default: /* TIME and the other timestamps */ TNI_CSV_LOOP(int64_t, false);
    }
}

#undef TNI_CSV_INTEGER
#undef TNI_CSV_LOOP

TNI_FN trueno_status tni_csv_convert(const tni_csv_view *view, uint32_t column,
                                     const tni_csv_format *format, tni_csv_strings *strings,
                                     uint32_t first, uint32_t rows, tni_segment **out,
                                     tni_csv_stop *stop, tni_error *error) {
    uint64_t validity[TNI_SEGMENT_ROWS / 64];
    tni_memory *memory = view->env->memory;
    tni_csv_column_work work = TNI_ZERO;
    tni_segment *segment = NULL;
    size_t width = tni_type_width(format->type);
    trueno_status status;
    *out = NULL;
    if (tni_type_is_string(format->type)) {
        return tni_csv_convert_strings(view, column, format, strings, first, rows, out, stop,
                                       error);
    }
    TNI_TRY(tni_segment_new(memory, format->type, rows, &segment, error));
    status = tni_buffer_new(memory, rows * width, &segment->buffers[0], error);
    if (status != TRUENO_OK) {
        tni_segment_release(segment);
        return status;
    }
    memset(validity, 0xff, tni_bitmap_words(rows) * sizeof(uint64_t));
    work.view = view;
    work.format = format;
    work.validity = validity;
    work.stop = stop;
    work.column = column;
    work.first = first;
    segment->encoding = TNI_ENCODING_PLAIN;
    segment->data = segment->buffers[0]->data;
    if (!tni_csv_column_values(&work, rows, segment->buffers[0]->data)) {
        tni_segment_release(segment);
        return TRUENO_ERROR_CONVERSION;
    }
    if (work.nulls == rows) {
        tni_csv_all_null(segment);
    } else {
        status = tni_csv_set_validity(segment, validity, work.nulls, error);
        segment->bytes += rows * width;
    }
    if (status != TRUENO_OK) {
        tni_segment_release(segment);
        return status;
    }
    *out = segment;
    return TRUENO_OK;
}

TNI_FN void tni_csv_all_null(tni_segment *segment) {
    tni_buffer_release(segment->buffers[0]);
    segment->buffers[0] = NULL;
    segment->data = NULL;
    segment->encoding = TNI_ENCODING_CONSTANT;
    segment->constant = tni_value_null(segment->type);
    segment->zone.rows = segment->rows;
    segment->zone.null_count = segment->rows;
    segment->zone.has_nulls = true;
}

TNI_FN trueno_status tni_csv_set_validity(tni_segment *segment, const uint64_t *validity,
                                          uint32_t nulls, tni_error *error) {
    uint32_t rows = segment->rows;
    size_t bytes = tni_bitmap_words(rows) * sizeof(uint64_t);
    segment->zone.rows = rows;
    segment->zone.null_count = nulls;
    segment->zone.has_nulls = nulls != 0;
    segment->zone.has_nan = tni_type_is_float(segment->type);
    if (nulls == 0) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_buffer_new(segment->memory, bytes, &segment->buffers[1], error));
    memcpy(segment->buffers[1]->data, validity, bytes);
    if (rows % 64 != 0) {
        uint64_t *last = (uint64_t *)(void *)segment->buffers[1]->data + bytes / 8 - 1;
        *last &= tni_low_bits(rows % 64);
    }
    segment->validity = (const uint64_t *)(const void *)segment->buffers[1]->data;
    segment->bytes += bytes;
    return TRUENO_OK;
}

TNI_FN bool tni_csv_fits(const tni_csv_view *view, uint32_t record, uint32_t column,
                         const tni_csv_format *format, tni_csv_fault *fault) {
    uint64_t value[2];
    uint32_t start, end;
    tni_csv_cell cell;
    tni_csv_field(view->table, record, column, &start, &end);
    if (start > end) {
        return true;
    }
    if (format->type.id == TRUENO_TYPE_VARCHAR) {
        *fault = TNI_CSV_FAULT_UTF8;
        return view->utf8 || tni_utf8_valid(view->table->base + start, end - start);
    }
    *fault = TNI_CSV_FAULT_CAST;
    if (!tni_csv_cell_read(view->dialect, view->table->base + start, end - start, view->scratch,
                           &cell)) {
        return false;
    }
    if (tni_csv_is_null(view->rules, format, &cell)) {
        return true;
    }
    if (cell.copied) {
        uint8_t copy[256];
        size_t length = TNI_MIN(cell.length, sizeof copy);
        memcpy(copy, cell.data, length);
        return cell.length <= sizeof copy &&
               tni_csv_cast(view->rules, format, copy, length, view->scratch, value);
    }
    return tni_csv_cast(view->rules, format, cell.data, cell.length, view->scratch, value);
}
