/*
 * text.h - strings: views, a growing builder, UTF-8, numbers to text and back.
 *
 * tni_string is the engine's 16-byte string value: length, a 4-byte prefix, and either the rest
 * inline (12 bytes or fewer) or a pointer (after Umbra, CIDR 2020). Prefix and inline bytes past
 * the end are zero, so equality starts with one 8-byte compare. Strings are bytes; VARCHAR is
 * valid UTF-8 by construction (readers check it). Nothing here owns memory but tni_text.
 */
#ifndef TNI_BASE_TEXT_H
#define TNI_BASE_TEXT_H

#include "base/int128.h"
#include "base/memory.h"

typedef struct tni_string {
    uint32_t length;
    uint8_t bytes[4]; /* prefix, zero padded; continues into tail.inlined when length <= 12 */
    union {
        uint8_t inlined[8];
        const uint8_t *pointer;
        uint64_t bits;
    } tail;
} tni_string;

#define TNI_STRING_INLINE 12u

TNI_INLINE tni_string tni_string_make(const void *data, size_t length) {
    tni_string s;
    s.length = (uint32_t)length;
    memset(s.bytes, 0, sizeof s.bytes);
    s.tail.bits = 0;
    if (length <= TNI_STRING_INLINE) {
        const uint8_t *d = (const uint8_t *)data;
        if (length > 4) {
            memcpy(s.bytes, d, 4);
            memcpy(s.tail.inlined, d + 4, length - 4);
        } else if (length > 0) {
            memcpy(s.bytes, d, length);
        }
    } else {
        memcpy(s.bytes, data, 4);
        s.tail.pointer = (const uint8_t *)data;
    }
    return s;
}

/* The bytes. `s` must outlive the result when the string is inline. */
TNI_INLINE const uint8_t *tni_string_data(const tni_string *s) {
    return s->length <= TNI_STRING_INLINE ? s->bytes : s->tail.pointer;
}

TNI_INLINE bool tni_string_equal(const tni_string *a, const tni_string *b) {
    uint64_t ha, hb;
    memcpy(&ha, a, 8);
    memcpy(&hb, b, 8);
    if (ha != hb) {
        return false;
    }
    if (a->length <= TNI_STRING_INLINE) {
        return a->tail.bits == b->tail.bits;
    }
    return a->tail.pointer == b->tail.pointer ||
           memcmp(a->tail.pointer, b->tail.pointer, a->length) == 0;
}

TNI_FN int tni_string_compare(const tni_string *a, const tni_string *b); /* bytewise: <0, 0, >0 */
TNI_FN tni_string tni_string_c(const char *text);                       /* view of a C string */

/* ---- growing text ---- */
typedef struct tni_text {
    tni_memory *memory;
    char *data; /* NUL-terminated once anything was appended */
    size_t length;
    size_t capacity;
    bool failed; /* an allocation failed: later appends do nothing; check once at the end */
} tni_text;

TNI_FN void tni_text_init(tni_text *text, tni_memory *memory);
TNI_FN void tni_text_free(tni_text *text);
TNI_FN void tni_text_clear(tni_text *text);
TNI_FN void tni_text_append(tni_text *text, const void *data, size_t length);
TNI_FN void tni_text_add(tni_text *text, const char *c_string);
TNI_FN void tni_text_char(tni_text *text, char c);
TNI_FN void tni_text_format(tni_text *text, const char *format, ...) TNI_PRINTF(2, 3);

/* ---- UTF-8 ---- */
TNI_FN bool tni_utf8_valid(const void *data, size_t length);
/* Decode at `*offset` (< length), advance it; malformed bytes give U+FFFD and advance by one. */
TNI_FN uint32_t tni_utf8_next(const uint8_t *data, size_t length, size_t *offset);
TNI_FN size_t tni_utf8_put(uint32_t codepoint, uint8_t out[4]);
TNI_FN size_t tni_utf8_length(const uint8_t *data, size_t length); /* codepoints */
TNI_FN uint32_t tni_utf8_width(uint32_t codepoint); /* terminal columns: 0, 1 or 2 */
TNI_FN uint32_t tni_utf8_upper(uint32_t codepoint); /* simple case mapping */
TNI_FN uint32_t tni_utf8_lower(uint32_t codepoint);

/* ---- case-insensitive ASCII names ---- */
TNI_FN bool tni_name_equal(const char *a, const char *b);
TNI_FN bool tni_name_equal_n(const char *a, size_t a_length, const char *b, size_t b_length);
TNI_FN uint32_t tni_edit_distance(const char *a, const char *b, uint32_t limit); /* for hints */

/* The candidate nearest to a name that is unknown: tni_hint_of(name), offers, then in a message
 * TNI_HINT_FORMAT with TNI_HINT_ARGUMENTS(hint): `; did you mean "..."?`, or nothing. */
typedef struct tni_hint {
    const char *name;
    const char *best; /* NULL: none is near */
    uint32_t distance;
} tni_hint;

TNI_INLINE tni_hint tni_hint_of(const char *name) {
    tni_hint hint;
    hint.name = name;
    hint.best = NULL;
    hint.distance = (uint32_t)TNI_MIN((strlen(name) + 1) / 3 + 1, (size_t)5); /* 1: none */
    return hint;
}

TNI_INLINE void tni_hint_offer(tni_hint *hint, const char *candidate) {
    uint32_t distance = tni_edit_distance(hint->name, candidate, hint->distance);
    if (distance < hint->distance) {
        hint->distance = distance;
        hint->best = candidate;
    }
}

#define TNI_HINT_FORMAT "%s%.200s%s"
#define TNI_HINT_ARGUMENTS(hint)                                                                   \
    (hint).best ? "; did you mean \"" : "", (hint).best ? (hint).best : "", (hint).best ? "\"?" : ""

/* ---- numbers; `out` buffers are large enough for any value, results are NUL-terminated ---- */
TNI_FN size_t tni_print_i64(int64_t value, char out[24]);
TNI_FN size_t tni_print_u64(uint64_t value, char out[24]);
TNI_FN size_t tni_print_i128(tni_i128 value, char out[48]);
/* Shortest digits that read back to the same value: 3.0, 0.1, 1e+16, inf, nan (as DuckDB). */
TNI_FN size_t tni_print_double(double value, char out[32]);
TNI_FN size_t tni_print_float(float value, char out[32]);
TNI_FN size_t tni_print_decimal(tni_i128 value, uint8_t scale, char out[48]);
TNI_FN size_t tni_print_fixed(double value, int digits, char *out, size_t size); /* %.Nf */

/* Parsing: whole text must be the number (surrounding blanks allowed); false otherwise or when
 * out of range. Doubles are correctly rounded (Eisel-Lemire with an exact fallback). */
TNI_FN bool tni_parse_i64(const char *text, size_t length, int64_t *out);
TNI_FN bool tni_parse_u64(const char *text, size_t length, uint64_t *out);
TNI_FN bool tni_parse_i128(const char *text, size_t length, tni_i128 *out);
TNI_FN bool tni_parse_double(const char *text, size_t length, double *out);
TNI_FN bool tni_parse_float(const char *text, size_t length, float *out);
/* To DECIMAL(precision, scale): extra fraction digits round half away from zero. */
TNI_FN bool tni_parse_decimal(const char *text, size_t length, uint8_t precision, uint8_t scale,
                              tni_i128 *out);
TNI_FN bool tni_parse_bool(const char *text, size_t length, bool *out); /* true/t/1/yes/y... */

#endif
