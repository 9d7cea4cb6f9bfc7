/*
 * scalar_string.c - measuring, cutting, searching and joining strings, and the table of all
 * string functions.
 *
 * Positions and lengths count codepoints unless a function says bytes; ASCII runs are stepped
 * over eight at a time. A result that is a part of an argument points into it: no copy. Results
 * of up to 12 bytes lie in the value itself, longer ones on the call's heap.
 *
 * Uses: base/, column/type.h, plan/function.h, plan/text_find.h.
 */
#include "plan/scalar_internal.h"
#include "plan/text_find.h"

/* -------------------------------------------------------------------------------- measuring --- */

static trueno_status tni_eval_length(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    int64_t *out = (int64_t *)call->out;
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        const tni_string *text = &s.data[i * s.step];
        out[i] = (int64_t)tni_utf8_length(tni_string_data(text), text->length);
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_bytes(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    int64_t *out = (int64_t *)call->out;
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        out[i] = s.data[i * s.step].length;
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_bit_length(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    int64_t *out = (int64_t *)call->out;
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        out[i] = (int64_t)s.data[i * s.step].length * 8;
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- cutting --- */

/* The part of `text` from byte `from` to byte `to`. */
TNI_INLINE tni_string tni_string_part(const tni_string *text, size_t from, size_t to) {
    return tni_string_make(tni_string_data(text) + from, to - from);
}

#define TNI_STRING_FAR (INT64_C(1) << 32)

/*
 * Characters [start, end) of an endless line on which the text's n lie at 0 .. n - 1, as DuckDB:
 * offset 1 is the first character, negative ones count from the end, a negative length goes
 * backwards. What sticks out is cut off.
 */
static tni_string tni_substring(const tni_string *text, int64_t offset, int64_t length) {
    const uint8_t *data = tni_string_data(text);
    int64_t start, end, n;
    size_t from, to;
    offset = TNI_MIN(TNI_MAX(offset, -TNI_STRING_FAR), TNI_STRING_FAR);
    length = TNI_MIN(TNI_MAX(length, -2 * TNI_STRING_FAR), 2 * TNI_STRING_FAR);
    if (offset >= 0) {
        start = offset - 1;
    } else {
        n = (int64_t)tni_utf8_length(data, text->length);
        start = n + offset;
    }
    end = length >= 0 ? start + length : start;
    start = TNI_MAX(length >= 0 ? start : start + length, 0);
    if (end <= start) {
        return tni_string_make(data, 0);
    }
    from = tni_utf8_skip(data, text->length, 0, (uint64_t)start);
    to = tni_utf8_skip(data, text->length, from, (uint64_t)(end - start));
    return tni_string_part(text, from, to);
}

static trueno_status tni_eval_substring(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    const int64_t *offset = (const int64_t *)tni_scalar_data(call, 1);
    size_t step_offset = tni_scalar_step(call, 1), step_length = 0;
    const int64_t *length = NULL;
    tni_string *out = (tni_string *)call->out;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    if (call->count > 2) {
        length = (const int64_t *)tni_scalar_data(call, 2);
        step_length = tni_scalar_step(call, 2);
    }
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        out[i] = tni_substring(&s.data[i * s.step], offset[i * step_offset],
                               length != NULL ? length[i * step_length] : 2 * TNI_STRING_FAR);
    }
    return TRUENO_OK;
}

/* Characters `first` to `last`, from 1; negative ones count from the end. */
static tni_string tni_slice(const tni_string *text, int64_t first, int64_t last) {
    if (first < 0 || last < 0) {
        int64_t n = (int64_t)tni_utf8_length(tni_string_data(text), text->length);
        first = first < 0 ? TNI_MAX(first, -n) + n + 1 : first;
        last = last < 0 ? TNI_MAX(last, -n - 1) + n + 1 : last;
    }
    first = TNI_MAX(first, 1);
    last = TNI_MIN(last, TNI_STRING_FAR);
    return last < first ? tni_string_make(tni_string_data(text), 0)
                        : tni_substring(text, first, last - first + 1);
}

/* array_extract(text, position) and array_slice(text, first, last): what text[...] means. */
static trueno_status tni_eval_slice(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    const int64_t *first = (const int64_t *)tni_scalar_data(call, 1);
    const int64_t *last = call->count > 2 ? (const int64_t *)tni_scalar_data(call, 2) : NULL;
    size_t step = tni_scalar_step(call, 1), step_last = last ? tni_scalar_step(call, 2) : 0;
    tni_string *out = (tni_string *)call->out;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step];
        int64_t from = first[i * step];
        if (last != NULL) {
            out[i] = tni_slice(text, from, last[i * step_last]);
        } else if (from > 0) {
            out[i] = tni_slice(text, from, from);
        } else if (from < 0 && from >= -TNI_STRING_FAR) {
            int64_t n = (int64_t)tni_utf8_length(tni_string_data(text), text->length);
            out[i] = tni_slice(text, n + from + 1, n + from + 1);
        }
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------------- paths --- */

static size_t tni_path_last_separator(const uint8_t *path, size_t length) {
    while (length > 0 && path[length - 1] != '/' && path[length - 1] != '\\') {
        length--;
    }
    return length; /* just behind it; 0: none */
}

/* parse_filename(path[, without its ending]) */
static trueno_status tni_eval_parse_filename(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    const uint8_t *trim = call->count > 1 ? (const uint8_t *)tni_scalar_data(call, 1) : NULL;
    size_t step = trim ? tni_scalar_step(call, 1) : 0;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step];
        const uint8_t *data = tni_string_data(text);
        size_t from = tni_path_last_separator(data, text->length), to = text->length;
        if (trim != NULL && trim[i * step]) {
            while (to > from && data[to - 1] != '.') {
                to--;
            }
            to = to > from ? to - 1 : text->length;
        }
        ((tni_string *)call->out)[i] = tni_string_part(text, from, to);
    }
    return TRUENO_OK;
}

/* parse_dirpath: all before the last separator. */
static trueno_status tni_eval_parse_dirpath(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step];
        size_t to = tni_path_last_separator(tni_string_data(text), text->length);
        ((tni_string *)call->out)[i] = tni_string_part(text, 0, to > 0 ? to - 1 : 0);
    }
    return TRUENO_OK;
}

/* parse_dirname: the first folder. */
static trueno_status tni_eval_parse_dirname(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step];
        const uint8_t *data = tni_string_data(text);
        size_t to = 0;
        while (to < text->length && data[to] != '/' && data[to] != '\\') {
            to++;
        }
        to = to == text->length ? 0 : TNI_MAX(to, (size_t)1);
        ((tni_string *)call->out)[i] = tni_string_part(text, 0, to);
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_left(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    const int64_t *count = (const int64_t *)tni_scalar_data(call, 1);
    size_t step = tni_scalar_step(call, 1);
    tni_string *out = (tni_string *)call->out;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step];
        const uint8_t *data = tni_string_data(text);
        int64_t n = count[i * step];
        size_t to = n >= 0 ? tni_utf8_skip(data, text->length, 0, (uint64_t)n)
                           : tni_utf8_skip_back(data, text->length, 0 - (uint64_t)n);
        out[i] = tni_string_part(text, 0, to);
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_right(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    const int64_t *count = (const int64_t *)tni_scalar_data(call, 1);
    size_t step = tni_scalar_step(call, 1);
    tni_string *out = (tni_string *)call->out;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step];
        const uint8_t *data = tni_string_data(text);
        int64_t n = count[i * step];
        size_t from = n >= 0 ? tni_utf8_skip_back(data, text->length, (uint64_t)n)
                             : tni_utf8_skip(data, text->length, 0, 0 - (uint64_t)n);
        out[i] = tni_string_part(text, from, text->length);
    }
    return TRUENO_OK;
}

/* Blanks of Unicode's category Zs: what trim takes away by default. */
static bool tni_trim_is_blank(uint32_t c) {
    return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

/* Is `c` blank (no set), or a codepoint of the set? */
static bool tni_trim_takes(uint32_t c, const tni_string *set) {
    const uint8_t *data;
    size_t at = 0;
    if (set == NULL) {
        return tni_trim_is_blank(c);
    }
    data = tni_string_data(set);
    while (at < set->length) {
        if (tni_utf8_next(data, set->length, &at) == c) {
            return true;
        }
    }
    return false;
}

static tni_string tni_trim(const tni_string *text, const tni_string *set, bool left, bool right) {
    const uint8_t *data = tni_string_data(text);
    size_t from = 0, to = text->length, at;
    while (left && from < to) {
        at = from;
        if (!tni_trim_takes(tni_utf8_next(data, to, &at), set)) {
            break;
        }
        from = at;
    }
    while (right && from < to) {
        size_t before = tni_utf8_skip_back(data, to, 1);
        at = before;
        if (!tni_trim_takes(tni_utf8_next(data, to, &at), set)) {
            break;
        }
        to = before;
    }
    return tni_string_part(text, from, to);
}

static trueno_status tni_trim_rows(tni_call *call, bool left, bool right) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0), set;
    tni_string *out = (tni_string *)call->out;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    set.data = NULL;
    set.step = 0;
    if (call->count > 1) {
        set = tni_scalar_strings_of(call, 1);
    }
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        out[i] = tni_trim(&s.data[i * s.step], set.data != NULL ? &set.data[i * set.step] : NULL,
                          left, right);
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_trim(tni_call *call) {
    return tni_trim_rows(call, true, true);
}
static trueno_status tni_eval_ltrim(tni_call *call) {
    return tni_trim_rows(call, true, false);
}
static trueno_status tni_eval_rtrim(tni_call *call) {
    return tni_trim_rows(call, false, true);
}

/* Part `index` (from 1, from the end when negative) between separators; an empty separator
 * parts the codepoints. */
static tni_string tni_split_part(const tni_string *text, const tni_string *separator,
                                 int64_t index) {
    const uint8_t *data = tni_string_data(text), *mark = tni_string_data(separator);
    size_t n = separator->length, from = 0, found;
    if (index < 0) {
        int64_t parts = n == 0 ? (int64_t)tni_utf8_length(data, text->length) : 1;
        while (n > 0 && (found = tni_find(data + from, text->length - from, mark, n)) !=
                            TNI_FIND_NONE) {
            from += found + n;
            parts++;
        }
        index = index < -parts ? 0 : parts + index + 1;
        from = 0;
    }
    if (index <= 0) {
        return tni_string_make(data, 0);
    }
    if (n == 0) {
        return index > INT32_MAX ? tni_string_make(data, 0) : tni_substring(text, index, 1);
    }
    for (;;) {
        found = tni_find(data + from, text->length - from, mark, n);
        if (--index == 0) {
            return tni_string_part(text, from,
                                   found == TNI_FIND_NONE ? text->length : from + found);
        }
        if (found == TNI_FIND_NONE) {
            return tni_string_make(data, 0);
        }
        from += found + n;
    }
}

static trueno_status tni_eval_split_part(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_scalar_strings separator = tni_scalar_strings_of(call, 1);
    const int64_t *index = (const int64_t *)tni_scalar_data(call, 2);
    size_t step = tni_scalar_step(call, 2);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        ((tni_string *)call->out)[i] = tni_split_part(
            &s.data[i * s.step], &separator.data[i * separator.step], index[i * step]);
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------- searching --- */

static trueno_status tni_eval_position(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0), part = tni_scalar_strings_of(call, 1);
    int64_t *out = (int64_t *)call->out;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step], *needle = &part.data[i * part.step];
        const uint8_t *data = tni_string_data(text);
        size_t at = tni_find(data, text->length, tni_string_data(needle), needle->length);
        out[i] = at == TNI_FIND_NONE ? 0 : (int64_t)tni_utf8_length(data, at) + 1;
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_contains(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0), part = tni_scalar_strings_of(call, 1);
    uint8_t *out = (uint8_t *)call->out;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step], *needle = &part.data[i * part.step];
        out[i] = tni_find(tni_string_data(text), text->length, tni_string_data(needle),
                          needle->length) != TNI_FIND_NONE;
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_starts_with(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0), part = tni_scalar_strings_of(call, 1);
    uint8_t *out = (uint8_t *)call->out;
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        const tni_string *text = &s.data[i * s.step], *needle = &part.data[i * part.step];
        out[i] = text->length >= needle->length &&
                 memcmp(tni_string_data(text), tni_string_data(needle), needle->length) == 0;
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_ends_with(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0), part = tni_scalar_strings_of(call, 1);
    uint8_t *out = (uint8_t *)call->out;
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        const tni_string *text = &s.data[i * s.step], *needle = &part.data[i * part.step];
        out[i] = text->length >= needle->length &&
                 memcmp(tni_string_data(text) + (text->length - needle->length),
                        tni_string_data(needle), needle->length) == 0;
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- joining --- */

/* BLOB || BLOB stays one, all else becomes text. */
static trueno_status tni_bind_join(tni_bind_call *call, tni_error *error) {
    bool blob = call->types[0].id == TRUENO_TYPE_BLOB && call->types[1].id == TRUENO_TYPE_BLOB;
    (void)error;
    call->result = tni_type_make(blob ? TRUENO_TYPE_BLOB : TRUENO_TYPE_VARCHAR);
    call->types[0] = call->types[1] = call->result;
    return TRUENO_OK;
}

static trueno_status tni_eval_join(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0), t = tni_scalar_strings_of(call, 1);
    tni_string *out = (tni_string *)call->out;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *a = &s.data[i * s.step], *b = &t.data[i * t.step];
        uint8_t *room = tni_scalar_room(call, &out[i], (size_t)a->length + b->length);
        if (room == NULL) {
            return tni_scalar_failed(call);
        }
        memcpy(room, tni_string_data(a), a->length);
        memcpy(room + a->length, tni_string_data(b), b->length);
        tni_scalar_finish(&out[i]);
    }
    return TRUENO_OK;
}

static trueno_status tni_bind_texts(tni_bind_call *call, tni_error *error) {
    uint32_t i;
    (void)error;
    for (i = 0; i < call->count; i++) {
        call->types[i] = tni_type_make(TRUENO_TYPE_VARCHAR);
    }
    call->result = tni_type_make(TRUENO_TYPE_VARCHAR);
    return TRUENO_OK;
}

/* The value of argument `a` in row `i`; NULL when it is NULL. */
static const tni_string *tni_concat_argument(const tni_call *call, uint32_t a, uint32_t i) {
    const tni_vector *v = &call->arguments[a];
    return tni_vector_is_null(v, i)
               ? NULL
               : (const tni_string *)v->data + (v->form == TNI_FORM_CONSTANT ? 0 : i);
}

/* Arguments [first, count) that are not NULL, `separator` between them. */
static trueno_status tni_concat_row(tni_call *call, uint32_t first, const tni_string *separator,
                                    uint32_t row) {
    tni_string *out = (tni_string *)call->out + row;
    size_t length = 0;
    uint8_t *room;
    uint32_t a;
    bool started = false;
    for (a = first; a < call->count; a++) {
        const tni_string *s = tni_concat_argument(call, a, row);
        if (s != NULL) {
            length += (started && separator != NULL ? separator->length : 0) + (size_t)s->length;
            started = true;
        }
    }
    room = tni_scalar_room(call, out, length);
    if (room == NULL) {
        return tni_scalar_failed(call);
    }
    started = false;
    for (a = first; a < call->count; a++) {
        const tni_string *s = tni_concat_argument(call, a, row);
        if (s == NULL) {
            continue;
        }
        if (started && separator != NULL) {
            memcpy(room, tni_string_data(separator), separator->length);
            room += separator->length;
        }
        memcpy(room, tni_string_data(s), s->length);
        room += s->length;
        started = true;
    }
    tni_scalar_finish(out);
    return TRUENO_OK;
}

static trueno_status tni_eval_concat(tni_call *call) {
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        TNI_TRY(tni_concat_row(call, 0, NULL, i));
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_concat_ws(tni_call *call) {
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *separator = tni_concat_argument(call, 0, i);
        if (separator == NULL) {
            tni_bit_clear(call->validity, i);
        } else {
            TNI_TRY(tni_concat_row(call, 1, separator, i));
        }
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- padding --- */

/* `times` copies of a text: the first ones by doubling, then blocks of them, so that gigabytes take
 * a second and look at the clock on the way. */
static trueno_status tni_fill_copies(tni_call *call, uint8_t *room, const uint8_t *data,
                                     size_t length, size_t times) {
    size_t total = length * times, have = TNI_MIN(length, total), block = 1u << 20;
    if (have > 0) {
        memcpy(room, data, have);
    }
    while (have < total) {
        size_t step = TNI_MIN(have, total - have);
        if (step > block) {
            step = block / length > 0 ? block / length * length : length;
            step = TNI_MIN(step, total - have);
            TNI_TRY(tni_env_check(call->env, call->error));
        }
        memcpy(room + have, room, step);
        have += step;
    }
    return TRUENO_OK;
}

/* `text` cut or filled with `pad` to `wanted` codepoints. */
static trueno_status tni_pad_row(tni_call *call, uint32_t row, const tni_string *text,
                                 int64_t wanted, const tni_string *pad, bool left) {
    const uint8_t *data = tni_string_data(text), *fill = tni_string_data(pad);
    tni_string *out = (tni_string *)call->out + row;
    size_t have = tni_utf8_length(data, text->length), units, missing, whole, rest, length;
    uint8_t *room;
    if (wanted <= (int64_t)have) {
        *out = tni_string_part(text, 0,
                               tni_utf8_skip(data, text->length, 0, (uint64_t)TNI_MAX(wanted, 0)));
        return TRUENO_OK;
    }
    if (pad->length == 0) {
        return tni_fail(call->error, TRUENO_ERROR_INVALID, "insufficient padding in %s",
                        left ? "LPAD" : "RPAD");
    }
    units = tni_utf8_length(fill, pad->length);
    units = TNI_MAX(units, 1);
    missing = (size_t)((uint64_t)TNI_MIN(wanted, TNI_STRING_FAR - 1) - have);
    whole = missing / units;
    rest = tni_utf8_skip(fill, pad->length, 0, missing % units);
    if (whole > TNI_SCALAR_STRING_MAX / pad->length) {
        return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE,
                        "padding to %lld characters makes the string too long",
                        (long long)wanted);
    }
    length = whole * pad->length + rest;
    room = tni_scalar_room(call, out, text->length + length);
    if (room == NULL) {
        return tni_scalar_failed(call);
    }
    memcpy(left ? room + length : room, data, text->length);
    room += left ? 0 : text->length;
    TNI_TRY(tni_fill_copies(call, room, fill, pad->length, whole));
    memcpy(room + whole * pad->length, fill, rest);
    tni_scalar_finish(out);
    return TRUENO_OK;
}

static trueno_status tni_pad_rows(tni_call *call, bool left) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0), pad = tni_scalar_strings_of(call, 2);
    const int64_t *wanted = (const int64_t *)tni_scalar_data(call, 1);
    size_t step = tni_scalar_step(call, 1);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        TNI_TRY(tni_pad_row(call, i, &s.data[i * s.step], wanted[i * step],
                            &pad.data[i * pad.step], left));
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_lpad(tni_call *call) {
    return tni_pad_rows(call, true);
}
static trueno_status tni_eval_rpad(tni_call *call) {
    return tni_pad_rows(call, false);
}

static trueno_status tni_eval_repeat(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    const int64_t *count = (const int64_t *)tni_scalar_data(call, 1);
    size_t step = tni_scalar_step(call, 1);
    tni_string *out = (tni_string *)call->out;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step];
        int64_t times = TNI_MAX(count[i * step], 0);
        uint8_t *room;
        if (text->length > 0 && times > (int64_t)(TNI_SCALAR_STRING_MAX / text->length)) {
            return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE,
                            "%lld times %lu bytes make the string too long", (long long)times,
                            (unsigned long)text->length);
        }
        times = text->length > 0 ? times : 0;
        room = tni_scalar_room(call, &out[i], (size_t)times * text->length);
        if (room == NULL) {
            return tni_scalar_failed(call);
        }
        TNI_TRY(tni_fill_copies(call, room, tni_string_data(text), text->length, (size_t)times));
        tni_scalar_finish(&out[i]);
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------- replacing --- */

static trueno_status tni_replace_row(tni_call *call, uint32_t row, const tni_string *text,
                                     const tni_string *from, const tni_string *to) {
    const uint8_t *data = tni_string_data(text), *mark = tni_string_data(from);
    tni_string *out = (tni_string *)call->out + row;
    size_t count = 0, at = 0, found;
    uint64_t length;
    uint8_t *room;
    while (from->length > 0 && (found = tni_find(data + at, text->length - at, mark,
                                                 from->length)) != TNI_FIND_NONE) {
        at += found + from->length;
        count++;
    }
    if (count == 0) {
        *out = *text;
        return TRUENO_OK;
    }
    length = text->length - (uint64_t)count * from->length + (uint64_t)count * to->length;
    if (length > TNI_SCALAR_STRING_MAX) {
        length = (uint64_t)TNI_SCALAR_STRING_MAX + 1; /* refused by name below, on 32 bits too */
    }
    room = tni_scalar_room(call, out, (size_t)length);
    if (room == NULL) {
        return tni_scalar_failed(call);
    }
    for (at = 0; count > 0; count--) {
        found = tni_find(data + at, text->length - at, mark, from->length);
        memcpy(room, data + at, found);
        memcpy(room + found, tni_string_data(to), to->length);
        room += found + to->length;
        at += found + from->length;
    }
    memcpy(room, data + at, text->length - at);
    tni_scalar_finish(out);
    return TRUENO_OK;
}

static trueno_status tni_eval_replace(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_scalar_strings from = tni_scalar_strings_of(call, 1), to = tni_scalar_strings_of(call, 2);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        TNI_TRY(tni_replace_row(call, i, &s.data[i * s.step], &from.data[i * from.step],
                                &to.data[i * to.step]));
    }
    return TRUENO_OK;
}

/* OVERLAY(text PLACING part FROM offset FOR length): without FOR (or with a negative one)
 * as long as the part. */
static trueno_status tni_overlay_row(tni_call *call, uint32_t row, const tni_string *text,
                                     const tni_string *part, int64_t offset, int64_t length) {
    const uint8_t *data = tni_string_data(text);
    tni_string *out = (tni_string *)call->out + row;
    size_t from, to;
    uint8_t *room;
    offset = TNI_MIN(TNI_MAX(offset, -TNI_STRING_FAR), TNI_STRING_FAR) - 1;
    length = TNI_MIN(TNI_MAX(length, -TNI_STRING_FAR), TNI_STRING_FAR);
    from = tni_utf8_skip(data, text->length, 0, (uint64_t)TNI_MAX(offset, 0));
    to = tni_utf8_skip(data, text->length, 0, (uint64_t)TNI_MAX(offset + length, 0));
    room = tni_scalar_room(call, out, from + part->length + (text->length - to));
    if (room == NULL) {
        return tni_scalar_failed(call);
    }
    memcpy(room, data, from);
    memcpy(room + from, tni_string_data(part), part->length);
    memcpy(room + from + part->length, data + to, text->length - to);
    tni_scalar_finish(out);
    return TRUENO_OK;
}

static trueno_status tni_eval_overlay(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0), part = tni_scalar_strings_of(call, 1);
    const int64_t *offset = (const int64_t *)tni_scalar_data(call, 2), *length = NULL;
    size_t step = tni_scalar_step(call, 2), step_length = 0;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    if (call->count > 3) {
        length = (const int64_t *)tni_scalar_data(call, 3);
        step_length = tni_scalar_step(call, 3);
    }
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *p = &part.data[i * part.step];
        int64_t over = length != NULL ? length[i * step_length] : -1;
        if (over < 0) {
            over = (int64_t)tni_utf8_length(tni_string_data(p), p->length);
        }
        TNI_TRY(tni_overlay_row(call, i, &s.data[i * s.step], p, offset[i * step], over));
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------------- table --- */

#define TNI_STRING_ROW(name, pattern, result, eval, signature, doc)                                \
    TNI_SCALAR(name, pattern, result, NULL, eval, 0, signature, doc)
/* worth doing once per dictionary entry even for few rows */
#define TNI_STRING_COSTLY(name, pattern, result, eval, signature, doc)                             \
    TNI_SCALAR(name, pattern, result, NULL, eval, TNI_FUNCTION_COSTLY, signature, doc)

static const tni_function tni_string_table[] = {
    TNI_SCALAR("||", "aa", NULL, tni_bind_join, tni_eval_join, TNI_FUNCTION_HIDDEN, "(a, b)",
               "Both joined"),
    TNI_SCALAR("concat", "a+", NULL, tni_bind_texts, tni_eval_concat, TNI_FUNCTION_NULLS,
               "(value, ...)", "All joined as text; NULLs count as nothing"),
    TNI_SCALAR("concat_ws", "aa+", NULL, tni_bind_texts, tni_eval_concat_ws, TNI_FUNCTION_NULLS,
               "(separator, value, ...)", "All that are not NULL, the separator between them"),
    TNI_STRING_ROW("length", "s", "i", tni_eval_length, "(text)", "Characters (codepoints)"),
    TNI_STRING_ROW("len", "s", "i", tni_eval_length, "(text)", "Characters (codepoints)"),
    TNI_STRING_ROW("char_length", "s", "i", tni_eval_length, "(text)", "Characters (codepoints)"),
    TNI_STRING_ROW("character_length", "s", "i", tni_eval_length, "(text)",
                   "Characters (codepoints)"),
    TNI_STRING_ROW("strlen", "s", "i", tni_eval_bytes, "(text)", "Bytes of UTF-8"),
    TNI_STRING_ROW("octet_length", "x", "i", tni_eval_bytes, "(blob)", "Bytes"),
    TNI_STRING_ROW("octet_length", "s", "i", tni_eval_bytes, "(text)", "Bytes of UTF-8"),
    TNI_STRING_ROW("bit_length", "s", "i", tni_eval_bit_length, "(text)", "Bits of UTF-8"),
    TNI_STRING_ROW("substring", "si?i", "s", tni_eval_substring, "(text, offset[, length])",
                   "Characters from offset (1 is the first, negative from the end) on"),
    TNI_STRING_ROW("substr", "si?i", "s", tni_eval_substring, "(text, offset[, length])",
                   "The same as substring"),
    TNI_STRING_ROW("array_extract", "si", "s", tni_eval_slice, "(text, position)",
                   "The character there: text[position]"),
    TNI_STRING_ROW("list_extract", "si", "s", tni_eval_slice, "(text, position)",
                   "The same as array_extract"),
    TNI_STRING_ROW("list_element", "si", "s", tni_eval_slice, "(text, position)",
                   "The same as array_extract"),
    TNI_STRING_ROW("array_slice", "sii", "s", tni_eval_slice, "(text, first, last)",
                   "Characters first to last: text[first:last]"),
    TNI_STRING_ROW("list_slice", "sii", "s", tni_eval_slice, "(text, first, last)",
                   "The same as array_slice"),
    TNI_STRING_ROW("parse_filename", "s?b", "s", tni_eval_parse_filename,
                   "(path[, without_extension])", "What follows the last / or \\"),
    TNI_STRING_ROW("parse_dirpath", "s", "s", tni_eval_parse_dirpath, "(path)",
                   "What is before the last / or \\"),
    TNI_STRING_ROW("parse_dirname", "s", "s", tni_eval_parse_dirname, "(path)",
                   "The first folder of a path"),
    TNI_STRING_ROW("left", "si", "s", tni_eval_left, "(text, count)",
                   "The first characters; all but the last ones when count is negative"),
    TNI_STRING_ROW("right", "si", "s", tni_eval_right, "(text, count)",
                   "The last characters; all but the first ones when count is negative"),
    TNI_STRING_ROW("trim", "s?s", "s", tni_eval_trim, "(text[, characters])",
                   "Without blanks (or any of the characters) on both sides"),
    TNI_STRING_ROW("ltrim", "s?s", "s", tni_eval_ltrim, "(text[, characters])",
                   "Without blanks (or any of the characters) on the left"),
    TNI_STRING_ROW("rtrim", "s?s", "s", tni_eval_rtrim, "(text[, characters])",
                   "Without blanks (or any of the characters) on the right"),
    TNI_STRING_COSTLY("split_part", "ssi", "s", tni_eval_split_part, "(text, separator, index)",
                      "One of the parts between separators, from 1, from the end if negative"),
    TNI_STRING_COSTLY("strpos", "ss", "i", tni_eval_position, "(text, part)",
                      "Where the part first stands, from 1; 0 when it does not"),
    TNI_STRING_COSTLY("instr", "ss", "i", tni_eval_position, "(text, part)",
                      "The same as strpos"),
    TNI_STRING_COSTLY("position", "ss", "i", tni_eval_position, "(text, part)",
                      "The same as strpos"),
    TNI_STRING_COSTLY("contains", "ss", "b", tni_eval_contains, "(text, part)",
                      "Does the part stand in the text?"),
    TNI_STRING_ROW("starts_with", "ss", "b", tni_eval_starts_with, "(text, part)",
                   "Does the text begin with the part?"),
    TNI_STRING_ROW("prefix", "ss", "b", tni_eval_starts_with, "(text, part)",
                   "The same as starts_with"),
    TNI_STRING_ROW("ends_with", "ss", "b", tni_eval_ends_with, "(text, part)",
                   "Does the text end with the part?"),
    TNI_STRING_ROW("suffix", "ss", "b", tni_eval_ends_with, "(text, part)",
                   "The same as ends_with"),
    TNI_STRING_COSTLY("lpad", "sis", "s", tni_eval_lpad, "(text, count, pad)",
                      "Filled up on the left, or cut, to count characters"),
    TNI_STRING_COSTLY("rpad", "sis", "s", tni_eval_rpad, "(text, count, pad)",
                      "Filled up on the right, or cut, to count characters"),
    TNI_STRING_COSTLY("repeat", "si", "s", tni_eval_repeat, "(text, count)",
                      "The text count times"),
    TNI_STRING_COSTLY("repeat", "xi", "x", tni_eval_repeat, "(blob, count)",
                      "The bytes count times"),
    TNI_STRING_COSTLY("replace", "sss", "s", tni_eval_replace, "(text, part, by)",
                      "Every occurrence of the part replaced"),
    TNI_STRING_COSTLY("overlay", "ssi?i", "s", tni_eval_overlay, "(text, part, offset[, length])",
                      "The part in place of length characters from offset on"),
    TNI_STRING_ROW("upper", "s", "s", tni_eval_upper, "(text)", "In upper case"),
    TNI_STRING_ROW("ucase", "s", "s", tni_eval_upper, "(text)", "The same as upper"),
    TNI_STRING_ROW("lower", "s", "s", tni_eval_lower, "(text)", "In lower case"),
    TNI_STRING_ROW("lcase", "s", "s", tni_eval_lower, "(text)", "The same as lower"),
    TNI_STRING_ROW("reverse", "s", "s", tni_eval_reverse, "(text)",
                   "The characters from last to first"),
    TNI_STRING_ROW("chr", "i", "s", tni_eval_chr, "(codepoint)", "The character"),
    TNI_SCALAR("ascii", "s", NULL, tni_bind_first_codepoint, tni_eval_ascii, 0, "(text)",
               "The first codepoint, 0 of an empty text"),
    TNI_SCALAR("unicode", "s", NULL, tni_bind_first_codepoint, tni_eval_unicode, 0, "(text)",
               "The first codepoint, -1 of an empty text"),
    TNI_SCALAR("ord", "s", NULL, tni_bind_first_codepoint, tni_eval_unicode, 0, "(text)",
               "The same as unicode"),
    TNI_STRING_COSTLY("translate", "sss", "s", tni_eval_translate, "(text, from, to)",
                      "Each character of from becomes the one at its place in to"),
    TNI_STRING_ROW("bar", "ddd?d", "s", tni_eval_bar, "(x, min, max[, width])",
                   "A bar of that part of the width"),
    TNI_STRING_COSTLY("levenshtein", "ss", "i", tni_eval_levenshtein, "(a, b)",
                      "Edits of bytes from one to the other"),
    TNI_STRING_COSTLY("editdist3", "ss", "i", tni_eval_levenshtein, "(a, b)",
                      "The same as levenshtein"),
    TNI_STRING_COSTLY("damerau_levenshtein", "ss", "i", tni_eval_damerau, "(a, b)",
                      "Edits and swaps of bytes from one to the other"),
    TNI_STRING_COSTLY("hamming", "ss", "i", tni_eval_hamming, "(a, b)",
                      "Bytes that differ, in texts of one length"),
    TNI_STRING_COSTLY("mismatches", "ss", "i", tni_eval_hamming, "(a, b)",
                      "The same as hamming"),
    TNI_STRING_COSTLY("jaccard", "ss", "d", tni_eval_jaccard, "(a, b)",
                      "Different bytes in both, of those in either"),
    TNI_STRING_COSTLY("jaro_similarity", "ss?d", "d", tni_eval_jaro, "(a, b[, least])",
                      "0 to 1: how alike; 0 when below least"),
    TNI_STRING_COSTLY("jaro_winkler_similarity", "ss?d", "d", tni_eval_jaro_winkler,
                      "(a, b[, least])", "As jaro_similarity, beginnings count more"),
    TNI_SCALAR("hex", "a", NULL, tni_bind_hex, tni_eval_hex, 0, "(value)",
               "In hexadecimal digits"),
    TNI_SCALAR("to_hex", "a", NULL, tni_bind_hex, tni_eval_hex, 0, "(value)",
               "The same as hex"),
    TNI_STRING_ROW("unhex", "s", "x", tni_eval_unhex, "(text)", "Hexadecimal digits to bytes"),
    TNI_STRING_ROW("from_hex", "s", "x", tni_eval_unhex, "(text)", "The same as unhex"),
    TNI_SCALAR("bin", "a", NULL, tni_bind_hex, tni_eval_bin, 0, "(value)", "In binary digits"),
    TNI_SCALAR("to_binary", "a", NULL, tni_bind_hex, tni_eval_bin, 0, "(value)",
               "The same as bin"),
    TNI_STRING_ROW("unbin", "s", "x", tni_eval_unbin, "(text)", "Binary digits to bytes"),
    TNI_STRING_ROW("from_binary", "s", "x", tni_eval_unbin, "(text)", "The same as unbin"),
    TNI_STRING_ROW("to_base", "ii?i", "s", tni_eval_to_base, "(number, radix[, least digits])",
                   "In digits of a radix from 2 to 36"),
    TNI_STRING_ROW("base64", "x", "s", tni_eval_to_base64, "(blob)", "As base64"),
    TNI_STRING_ROW("base64", "s", "s", tni_eval_to_base64, "(text)", "As base64"),
    TNI_STRING_ROW("to_base64", "x", "s", tni_eval_to_base64, "(blob)", "As base64"),
    TNI_STRING_ROW("to_base64", "s", "s", tni_eval_to_base64, "(text)", "As base64"),
    TNI_STRING_ROW("from_base64", "s", "x", tni_eval_from_base64, "(text)", "base64 to bytes"),
    TNI_STRING_ROW("url_encode", "s", "s", tni_eval_url_encode, "(text)",
                   "Fit for a URL: %20 for a blank"),
    TNI_STRING_ROW("url_decode", "s", "s", tni_eval_url_decode, "(text)",
                   "%20 to a blank and so on"),
    TNI_STRING_ROW("encode", "s", "x", tni_eval_encode, "(text)", "The bytes of the text"),
    TNI_STRING_ROW("decode", "x", "s", tni_eval_decode, "(blob)", "The text the bytes are"),
    TNI_STRING_COSTLY("md5", "s", "s", tni_eval_md5, "(text)", "MD5 in hexadecimal digits"),
    TNI_STRING_COSTLY("md5", "x", "s", tni_eval_md5, "(blob)", "MD5 in hexadecimal digits"),
    TNI_STRING_COSTLY("sha1", "s", "s", tni_eval_sha1, "(text)", "SHA-1 in hexadecimal digits"),
    TNI_STRING_COSTLY("sha1", "x", "s", tni_eval_sha1, "(blob)", "SHA-1 in hexadecimal digits"),
    TNI_STRING_COSTLY("sha256", "s", "s", tni_eval_sha256, "(text)",
                      "SHA-256 in hexadecimal digits"),
    TNI_STRING_COSTLY("sha256", "x", "s", tni_eval_sha256, "(blob)",
                      "SHA-256 in hexadecimal digits"),
    TNI_SCALAR("format", "s?a+", NULL, tni_bind_format, tni_eval_format, 0,
               "(template, value, ...)", "{} filled in: {:>8}, {:.2f}, {:,}"),
    TNI_SCALAR("printf", "s?a+", NULL, tni_bind_format, tni_eval_printf, 0,
               "(template, value, ...)", "%d, %s, %8.2f filled in"),
    TNI_STRING_ROW("format_bytes", "i", "s", tni_eval_format_bytes, "(bytes)", "12.0 KiB"),
    TNI_STRING_ROW("formatreadablesize", "i", "s", tni_eval_format_bytes, "(bytes)", "12.0 KiB"),
    TNI_STRING_ROW("formatreadabledecimalsize", "i", "s", tni_eval_format_decimal_bytes,
                   "(bytes)", "12.3 kB"),
    TNI_SCALAR_END,
};

#undef TNI_STRING_ROW
#undef TNI_STRING_COSTLY
#undef TNI_STRING_FAR

TNI_FN const tni_function *tni_functions_string(void) {
    return tni_string_table;
}
