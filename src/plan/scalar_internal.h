/*
 * scalar_internal.h - what the files of scalar functions share: reading arguments, telling rows
 * that count from rows that do not, making string results.
 *
 * Rows of an argument are read as `data[i * step]`: step is 0 for constants. A NULL constant
 * without data reads as zero bytes, so loops need no special case for it.
 */
#ifndef TNI_PLAN_SCALAR_INTERNAL_H
#define TNI_PLAN_SCALAR_INTERNAL_H

#include "plan/function.h"

/* A row of a function table. */
#define TNI_SCALAR(name, pattern, result, bind, eval, flags, signature, doc)                       \
    TNI_SCALAR_ON(name, pattern, result, bind, eval, flags, TNI_DEVICE_NONE, signature, doc)
#define TNI_SCALAR_ON(name, pattern, result, bind, eval, flags, device, signature, doc)            \
    {name, pattern, result, bind, eval, flags, device, signature, doc}
#define TNI_SCALAR_END {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL}

#define TNI_SCALAR_STRING_MAX UINT32_C(0x7fffffff) /* bytes of a string result */

TNI_INLINE size_t tni_scalar_step(const tni_call *call, uint32_t argument) {
    return call->arguments[argument].form != TNI_FORM_CONSTANT ? 1 : 0;
}

TNI_INLINE const void *tni_scalar_data(const tni_call *call, uint32_t argument) {
    static const uint64_t zero[2] = {0, 0};
    const tni_vector *v = &call->arguments[argument];
    return v->form == TNI_FORM_CONSTANT && (v->is_null || v->data == NULL) ? (const void *)zero
                                                                           : v->data;
}

/* Is the row not NULL, and must it be right (not masked away)? Others are not even computed
 * where that costs something. */
TNI_INLINE bool tni_scalar_counts(const tni_call *call, uint32_t row) {
    return tni_bit_get(call->validity, row) &&
           (call->active == NULL || tni_bit_get(call->active, row));
}

/* Walks the rows that count:  tni_rows rows = tni_rows_of(call);
 *                             while (tni_rows_next(&rows, &i)) { ... } */
typedef struct tni_rows {
    const tni_call *call;
    uint32_t word;
    uint64_t left;
} tni_rows;

TNI_INLINE uint64_t tni_rows_word(const tni_call *call, uint32_t word) {
    uint64_t bits = call->validity[word];
    if (call->active != NULL) {
        bits &= call->active[word];
    }
    if (word == (call->rows - 1) / 64 && call->rows % 64 != 0) {
        bits &= tni_low_bits(call->rows % 64);
    }
    return bits;
}

TNI_INLINE tni_rows tni_rows_of(const tni_call *call) {
    tni_rows rows;
    rows.call = call;
    rows.word = 0;
    rows.left = call->rows > 0 ? tni_rows_word(call, 0) : 0;
    return rows;
}

TNI_INLINE bool tni_rows_next(tni_rows *rows, uint32_t *row) {
    while (rows->left == 0) {
        if ((uint64_t)(rows->word + 1) * 64 >= rows->call->rows) {
            return false;
        }
        rows->word++;
        rows->left = tni_rows_word(rows->call, rows->word);
    }
    *row = rows->word * 64 + tni_ctz64(rows->left);
    rows->left &= rows->left - 1;
    return true;
}

/* Every row of `out` zero: what rows that do not count keep. */
TNI_INLINE void tni_scalar_clear(tni_call *call) {
    memset(call->out, 0, (size_t)call->rows * tni_type_width(call->type));
}

/* One string argument. */
typedef struct tni_scalar_strings {
    const tni_string *data;
    size_t step;
} tni_scalar_strings;

TNI_INLINE tni_scalar_strings tni_scalar_strings_of(const tni_call *call, uint32_t argument) {
    tni_scalar_strings s;
    s.data = (const tni_string *)tni_scalar_data(call, argument);
    s.step = tni_scalar_step(call, argument);
    return s;
}

/* Room for a string result of `length` bytes: inside the value or on the heap. Write the bytes,
 * then call tni_scalar_finish. NULL: out of memory, the error is set. */
TNI_INLINE uint8_t *tni_scalar_room(tni_call *call, tni_string *out, size_t length) {
    uint8_t *room;
    memset(out, 0, sizeof *out);
    if (length <= TNI_STRING_INLINE) {
        out->length = (uint32_t)length;
        return (uint8_t *)out + 4;
    }
    if (length > TNI_SCALAR_STRING_MAX) {
        (void)tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE,
                       "a string of %llu bytes is too long (the most is %lu)",
                       (unsigned long long)length, (unsigned long)TNI_SCALAR_STRING_MAX);
        return NULL;
    }
    room = (uint8_t *)tni_arena_bytes(call->heap, length);
    if (room == NULL) {
        (void)tni_memory_fail(call->heap->memory, length, call->error);
        return NULL;
    }
    out->length = (uint32_t)length;
    out->tail.pointer = room;
    return room;
}

TNI_INLINE void tni_scalar_finish(tni_string *out) {
    if (out->length > TNI_STRING_INLINE) {
        memcpy(out->bytes, out->tail.pointer, 4);
    }
}

/* The status behind a NULL from tni_scalar_room. */
TNI_INLINE trueno_status tni_scalar_failed(const tni_call *call) {
    return call->error != NULL && call->error->status != TRUENO_OK ? call->error->status
                                                                   : TRUENO_ERROR_MEMORY;
}

/* A copy of `length` bytes as a result. */
TNI_INLINE trueno_status tni_scalar_put(tni_call *call, uint32_t row, const void *data,
                                        size_t length) {
    tni_string *out = (tni_string *)call->out + row;
    uint8_t *room = tni_scalar_room(call, out, length);
    if (room == NULL) {
        return tni_scalar_failed(call);
    }
    if (length > 0) {
        memcpy(room, data, length);
    }
    tni_scalar_finish(out);
    return TRUENO_OK;
}

/* The error behind text->failed. */
TNI_INLINE trueno_status tni_scalar_text_failed(tni_call *call, const tni_text *text) {
    return tni_memory_fail(call->env->memory, text->capacity * 2 + 64, call->error);
}

/* The value of a constant VARCHAR argument while binding; NULL when there is none. */
TNI_INLINE const tni_string *tni_scalar_constant_text(const tni_bind_call *call,
                                                      uint32_t argument) {
    const tni_value *v = argument < call->count ? call->constants[argument] : NULL;
    return v != NULL && !v->is_null && v->type.id == TRUENO_TYPE_VARCHAR ? &v->as.string : NULL;
}

/* Binder error for argument types no overload takes. */
TNI_INLINE trueno_status tni_scalar_no_match(const tni_bind_call *call, uint32_t argument,
                                             const char *wanted, tni_error *error) {
    char text[40];
    (void)tni_type_print(call->types[argument], text);
    return tni_fail_at(error, TRUENO_ERROR_BINDER, call->position,
                       "%s wants %s as argument %u, not %s: add an explicit cast", call->name,
                       wanted, argument + 1, text);
}

TNI_FN double tni_double_modulo(double x, double y);

/* ---- parts of dates: scalar_date.c ---- */
typedef enum tni_date_part {
    TNI_PART_MICROSECOND,
    TNI_PART_MILLISECOND,
    TNI_PART_SECOND,
    TNI_PART_MINUTE,
    TNI_PART_HOUR,
    TNI_PART_DAY,
    TNI_PART_WEEK,
    TNI_PART_MONTH,
    TNI_PART_QUARTER,
    TNI_PART_YEAR,
    TNI_PART_DECADE,
    TNI_PART_CENTURY,
    TNI_PART_MILLENNIUM,
    TNI_PART_ISO_YEAR,
    TNI_PART_YEAR_WEEK,
    TNI_PART_WEEKDAY,     /* 0 = Sunday */
    TNI_PART_ISO_WEEKDAY, /* 1 = Monday ... 7 = Sunday */
    TNI_PART_DAY_OF_YEAR,
    TNI_PART_ERA,
    TNI_PART_EPOCH,
    TNI_PART_JULIAN,
    TNI_PART_NANOSECOND,
    TNI_PART_TIMEZONE /* the offset and its parts: always 0 */
} tni_date_part;

TNI_FN bool tni_date_part_by_name(const char *name, size_t length, tni_date_part *out);
/* A moment's day and the microseconds into it. */
TNI_INLINE int32_t tni_date_of(int64_t us, int64_t *rest) {
    int64_t left = us % TNI_US_PER_DAY;
    *rest = left + (left < 0 ? TNI_US_PER_DAY : 0);
    return (int32_t)(us / TNI_US_PER_DAY - (left < 0 ? 1 : 0));
}
TNI_INLINE bool tni_timestamp_is_infinite(int64_t us) {
    return us == INT64_MAX || us == -INT64_MAX;
}
/* An argument that counts as a moment: DATE and every TIMESTAMP become TIMESTAMP (a zone stays).
 * Others are refused. */
TNI_FN trueno_status tni_bind_moment(tni_bind_call *call, uint32_t argument, tni_error *error);

/* scalar_date_make.c: rows of the date table that live there */
#define TNI_DATE_EVALS(X)                                                                          \
    X(age) X(make_date) X(make_date_days) X(make_time) X(make_timestamp) X(make_timestamp_us)      \
    X(make_timestamp_ms) X(make_timestamp_ns) X(strftime) X(strptime) X(try_strptime)              \
    X(to_timestamp) X(to_interval) X(to_interval_real) X(now) X(today) X(clock) X(time_bucket)     \
    X(epoch_ms_in) X(date_add) X(timezone) X(normalized)
#define TNI_DATE_EVAL(name) TNI_FN trueno_status tni_eval_##name(tni_call *call);
TNI_DATE_EVALS(TNI_DATE_EVAL)
#undef TNI_DATE_EVAL
TNI_FN trueno_status tni_bind_strftime(tni_bind_call *call, tni_error *error);
TNI_FN trueno_status tni_bind_strptime(tni_bind_call *call, tni_error *error);
TNI_FN trueno_status tni_bind_interval_unit(tni_bind_call *call, tni_error *error);
TNI_FN trueno_status tni_bind_now(tni_bind_call *call, tni_error *error);
TNI_FN trueno_status tni_bind_make(tni_bind_call *call, tni_error *error);
TNI_FN trueno_status tni_bind_time_bucket(tni_bind_call *call, tni_error *error);
TNI_FN trueno_status tni_bind_timezone(tni_bind_call *call, tni_error *error);

/* ---- rows of the string table that live elsewhere ---- */
#define TNI_STRING_EVALS(X)                                                                        \
    /* scalar_text.c */                                                                            \
    X(upper) X(lower) X(reverse) X(chr) X(ascii) X(unicode) X(translate) X(bar) X(levenshtein)     \
    X(damerau) X(hamming) X(jaccard) X(jaro) X(jaro_winkler)                                       \
    /* scalar_encode.c */                                                                          \
    X(hex) X(unhex) X(bin) X(unbin) X(to_base64) X(from_base64) X(url_encode) X(url_decode)        \
    X(encode) X(decode) X(md5) X(sha1) X(sha256) X(to_base)                                        \
    /* scalar_format.c */                                                                          \
    X(format) X(printf) X(format_bytes) X(format_decimal_bytes)
#define TNI_STRING_EVAL(name) TNI_FN trueno_status tni_eval_##name(tni_call *call);
TNI_STRING_EVALS(TNI_STRING_EVAL)
#undef TNI_STRING_EVAL
TNI_FN trueno_status tni_bind_hex(tni_bind_call *call, tni_error *error);
TNI_FN trueno_status tni_bind_format(tni_bind_call *call, tni_error *error);
TNI_FN trueno_status tni_bind_first_codepoint(tni_bind_call *call, tni_error *error);

#endif
