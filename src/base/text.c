/*
 * text.c - string comparison, the growing builder, names.
 *
 * tni_text carries its own failure flag: a chain of appends needs one check at its end. The
 * terminating NUL is kept inside the capacity at all times, so `data` is a C string.
 *
 * Uses: memory.h.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

/* ------------------------------------------------------------------------- string values --- */

/* Four bytes as a number that orders like the bytes do. */
static uint32_t tni_text_order4(const uint8_t *p) {
    uint32_t v;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(&v, p, 4);
    return __builtin_bswap32(v);
#else
    v = ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) | ((uint32_t)p[2] << 8) | p[3];
    return v;
#endif
}

TNI_FN int tni_string_compare(const tni_string *a, const tni_string *b) {
    uint32_t left = tni_text_order4(a->bytes), right = tni_text_order4(b->bytes);
    uint32_t length = TNI_MIN(a->length, b->length);
    int order = 0;
    /* prefixes are zero padded, so they order strings unless they are equal */
    if (left != right) {
        return left < right ? -1 : 1;
    }
    if (length > 4) {
        order = memcmp(tni_string_data(a) + 4, tni_string_data(b) + 4, length - 4);
    }
    return order != 0 ? order : a->length < b->length ? -1 : a->length > b->length;
}

TNI_FN tni_string tni_string_c(const char *text) {
    return tni_string_make(text, strlen(text));
}

/* --------------------------------------------------------------------------- growing text --- */

TNI_FN void tni_text_init(tni_text *text, tni_memory *memory) {
    text->memory = memory;
    text->data = NULL;
    text->length = 0;
    text->capacity = 0;
    text->failed = false;
}

TNI_FN void tni_text_free(tni_text *text) {
    tni_free(text->memory, text->data, text->capacity);
    tni_text_init(text, text->memory);
}

TNI_FN void tni_text_clear(tni_text *text) {
    text->length = 0;
    text->failed = false;
    if (text->data != NULL) {
        text->data[0] = '\0';
    }
}

/* Room for `more` bytes and the NUL. */
static bool tni_text_reserve(tni_text *text, size_t more) {
    size_t needed, capacity;
    char *data;
    if (text->failed) {
        return false;
    }
    if (more < text->capacity - text->length) {
        return true;
    }
    capacity = text->capacity > SIZE_MAX / 2 ? SIZE_MAX : text->capacity * 2;
    if (!tni_size_add(text->length, more, &needed) || !tni_size_add(needed, 1, &needed)) {
        text->failed = true;
        return false;
    }
    capacity = TNI_MAX(TNI_MAX(capacity, needed), (size_t)64);
    data = (char *)tni_realloc(text->memory, text->data, text->capacity, capacity);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

TNI_FN void tni_text_append(tni_text *text, const void *data, size_t length) {
    if (!tni_text_reserve(text, length)) {
        return;
    }
    if (length > 0) {
        memcpy(text->data + text->length, data, length);
    }
    text->length += length;
    text->data[text->length] = '\0';
}

TNI_FN void tni_text_add(tni_text *text, const char *c_string) {
    tni_text_append(text, c_string, strlen(c_string));
}

TNI_FN void tni_text_char(tni_text *text, char c) {
    tni_text_append(text, &c, 1);
}

TNI_FN void tni_text_format(tni_text *text, const char *format, ...) {
    char local[256];
    int length;
    va_list arguments;
    va_start(arguments, format);
    length = vsnprintf(local, sizeof local, format, arguments);
    va_end(arguments);
    if (length < 0) {
        text->failed = true;
        return;
    }
    if ((size_t)length < sizeof local) {
        tni_text_append(text, local, (size_t)length);
        return;
    }
    if (!tni_text_reserve(text, (size_t)length)) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(text->data + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

/* ---------------------------------------------------------------------------------- names --- */

static uint8_t tni_text_fold(char c) {
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

TNI_FN bool tni_name_equal_n(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t i;
    if (a_length != b_length) {
        return false;
    }
    for (i = 0; i < a_length; i++) {
        if (tni_text_fold(a[i]) != tni_text_fold(b[i])) {
            return false;
        }
    }
    return true;
}

TNI_FN bool tni_name_equal(const char *a, const char *b) {
    return tni_name_equal_n(a, strlen(a), b, strlen(b));
}

/* Levenshtein distance of two names, case folded; `limit` when it is that or more. Names longer
 * than the row buffer are never close to anything. */
TNI_FN uint32_t tni_edit_distance(const char *a, const char *b, uint32_t limit) {
    uint32_t row[65];
    size_t a_length = strlen(a), b_length = strlen(b), i, j;
    size_t gap = a_length > b_length ? a_length - b_length : b_length - a_length;
    if (b_length >= TNI_COUNT_OF(row) || gap >= limit) {
        return limit;
    }
    for (j = 0; j <= b_length; j++) {
        row[j] = (uint32_t)j;
    }
    for (i = 0; i < a_length; i++) {
        uint32_t diagonal = row[0], least;
        row[0] = (uint32_t)i + 1;
        least = row[0];
        for (j = 0; j < b_length; j++) {
            uint32_t change = diagonal + (tni_text_fold(a[i]) != tni_text_fold(b[j]) ? 1u : 0u);
            uint32_t gap_cost = TNI_MIN(row[j], row[j + 1]) + 1;
            diagonal = row[j + 1];
            row[j + 1] = TNI_MIN(change, gap_cost);
            least = TNI_MIN(least, row[j + 1]);
        }
        if (least >= limit) {
            return limit;
        }
    }
    return TNI_MIN(row[b_length], limit);
}

TNI_FN bool tni_parse_bool(const char *text, size_t length, bool *out) {
    static const char *const words[2][5] = {{"false", "f", "0", "no", "n"},
                                            {"true", "t", "1", "yes", "y"}};
    size_t value, i;
    while (length > 0 && (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r'))) {
        text++;
        length--;
    }
    while (length > 0 &&
           (text[length - 1] == ' ' || (text[length - 1] >= '\t' && text[length - 1] <= '\r'))) {
        length--;
    }
    *out = false;
    for (value = 0; value < 2; value++) {
        for (i = 0; i < 5; i++) {
            if (tni_name_equal_n(text, length, words[value][i], strlen(words[value][i]))) {
                *out = value != 0;
                return true;
            }
        }
    }
    return false;
}
