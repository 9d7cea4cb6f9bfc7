/*
 * scalar_text.c - case, order and codepoints of texts; how alike two texts are.
 *
 * Case mapping takes ASCII eight bytes at a time and maps other codepoints one to one. reverse
 * keeps what is read as one character together (combining marks, joined emoji, flags).
 * Similarities compare codepoints, as DuckDB does since 2.0.1.
 *
 * Uses: base/, column/type.h, plan/function.h, plan/text_find.h.
 */
#include "plan/scalar_internal.h"
#include "plan/text_find.h"

/* ------------------------------------------------------------------------------------- case --- */

#define TNI_TEXT_HIGH UINT64_C(0x8080808080808080)
#define TNI_TEXT_ONES UINT64_C(0x0101010101010101)

/* Eight ASCII bytes to the other case: those between `first` and `first` + 25 get bit 5 flipped. */
TNI_INLINE uint64_t tni_text_flip8(uint64_t v, uint8_t first) {
    uint64_t above = v + TNI_TEXT_ONES * (uint8_t)(0x80 - first);
    uint64_t beyond = v + TNI_TEXT_ONES * (uint8_t)(0x80 - first - 26);
    return v ^ ((above & ~beyond & TNI_TEXT_HIGH) >> 2);
}

static void tni_text_flip(uint8_t *out, const uint8_t *in, size_t length, uint8_t first) {
    uint64_t v;
    size_t i = 0;
    for (; length - i >= 8; i += 8) {
        memcpy(&v, in + i, 8);
        v = tni_text_flip8(v, first);
        memcpy(out + i, &v, 8);
    }
    for (; i < length; i++) {
        out[i] = (uint8_t)(in[i] ^ ((uint8_t)(in[i] - first) < 26 ? 0x20 : 0));
    }
}

static trueno_status tni_text_case_wide(tni_call *call, uint32_t row, const tni_string *text,
                                        bool upper) {
    const uint8_t *data = tni_string_data(text);
    tni_string *out = (tni_string *)call->out + row;
    size_t at, length = 0;
    uint8_t bytes[4], *room;
    for (at = 0; at < text->length;) {
        uint32_t c = tni_utf8_next(data, text->length, &at);
        length += tni_utf8_put(upper ? tni_utf8_upper(c) : tni_utf8_lower(c), bytes);
    }
    room = tni_scalar_room(call, out, length);
    if (room == NULL) {
        return tni_scalar_failed(call);
    }
    for (at = 0; at < text->length;) {
        uint32_t c = tni_utf8_next(data, text->length, &at);
        size_t n = tni_utf8_put(upper ? tni_utf8_upper(c) : tni_utf8_lower(c), bytes);
        memcpy(room, bytes, n);
        room += n;
    }
    tni_scalar_finish(out);
    return TRUENO_OK;
}

static trueno_status tni_text_case_rows(tni_call *call, bool upper) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_string *out = (tni_string *)call->out;
    uint8_t first = upper ? 'a' : 'A';
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step];
        uint8_t *room;
        if (!tni_is_ascii(tni_string_data(text), text->length)) {
            TNI_TRY(tni_text_case_wide(call, i, text, upper));
            continue;
        }
        room = tni_scalar_room(call, &out[i], text->length);
        if (room == NULL) {
            return tni_scalar_failed(call);
        }
        tni_text_flip(room, tni_string_data(text), text->length, first);
        tni_scalar_finish(&out[i]);
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_upper(tni_call *call) {
    return tni_text_case_rows(call, true);
}
TNI_FN trueno_status tni_eval_lower(tni_call *call) {
    return tni_text_case_rows(call, false);
}

/* ---------------------------------------------------------------------------------- reverse --- */

static bool tni_text_is_flag(uint32_t c) {
    return c >= 0x1f1e6 && c <= 0x1f1ff;
}

/* The end of what is read as one character from `at` on (most of UAX 29). */
static size_t tni_text_cluster(const uint8_t *data, size_t length, size_t at) {
    uint32_t before = tni_utf8_next(data, length, &at);
    bool flag = tni_text_is_flag(before);
    while (at < length) {
        size_t next = at;
        uint32_t c = tni_utf8_next(data, length, &next);
        bool joins = (c >= 0x300 && tni_utf8_width(c) == 0) || before == 0x200d ||
                     (c >= 0x1f3fb && c <= 0x1f3ff) || (before == '\r' && c == '\n');
        if (flag && tni_text_is_flag(c)) {
            joins = true;
            flag = false;
        }
        if (!joins) {
            break;
        }
        before = c;
        at = next;
    }
    return at;
}

TNI_FN trueno_status tni_eval_reverse(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_string *out = (tni_string *)call->out;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step];
        const uint8_t *data = tni_string_data(text);
        size_t at = 0, end, length = text->length;
        uint8_t *room = tni_scalar_room(call, &out[i], length);
        if (room == NULL) {
            return tni_scalar_failed(call);
        }
        if (tni_is_ascii(data, length)) {
            for (; at < length; at++) {
                room[length - 1 - at] = data[at];
            }
        }
        for (; at < length; at = end) {
            end = tni_text_cluster(data, length, at);
            memcpy(room + (length - end), data + at, end - at);
        }
        tni_scalar_finish(&out[i]);
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------- codepoints --- */

TNI_FN trueno_status tni_eval_chr(tni_call *call) {
    const int64_t *in = (const int64_t *)tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t c = in[i * step];
        uint8_t bytes[4];
        if (c < 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
            return tni_fail(call->error, TRUENO_ERROR_INVALID, "%lld is no Unicode codepoint",
                            (long long)c);
        }
        TNI_TRY(tni_scalar_put(call, i, bytes, tni_utf8_put((uint32_t)c, bytes)));
    }
    return TRUENO_OK;
}

static trueno_status tni_text_first_codepoint(tni_call *call, int32_t none) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step];
        size_t at = 0;
        ((int32_t *)call->out)[i] =
            text->length == 0 ? none
                              : (int32_t)tni_utf8_next(tni_string_data(text), text->length, &at);
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_bind_first_codepoint(tni_bind_call *call, tni_error *error) {
    (void)error;
    call->result = tni_type_make(TRUENO_TYPE_INTEGER);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_ascii(tni_call *call) {
    return tni_text_first_codepoint(call, 0);
}
TNI_FN trueno_status tni_eval_unicode(tni_call *call) {
    return tni_text_first_codepoint(call, -1);
}

/* The place of codepoint `c` in `from`, and the codepoint at that place in `to`: -1 when there is
 * none (the character goes away), c itself when `from` lacks it. */
static int64_t tni_translate_one(uint32_t c, const tni_string *from, const tni_string *to) {
    const uint8_t *f = tni_string_data(from), *t = tni_string_data(to);
    size_t at = 0, other = 0;
    while (at < from->length) {
        uint32_t old = tni_utf8_next(f, from->length, &at);
        int64_t replaced = other < to->length ? (int64_t)tni_utf8_next(t, to->length, &other) : -1;
        if (old == c) {
            return replaced;
        }
    }
    return c;
}

TNI_FN trueno_status tni_eval_translate(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0), from = tni_scalar_strings_of(call, 1);
    tni_scalar_strings to = tni_scalar_strings_of(call, 2);
    tni_rows rows = tni_rows_of(call);
    trueno_status status = TRUENO_OK;
    tni_text text;
    uint32_t i;
    tni_text_init(&text, call->env->memory);
    tni_scalar_clear(call);
    while (status == TRUENO_OK && tni_rows_next(&rows, &i)) {
        const tni_string *in = &s.data[i * s.step];
        size_t at = 0;
        tni_text_clear(&text);
        while (at < in->length) {
            uint32_t c = tni_utf8_next(tni_string_data(in), in->length, &at);
            int64_t replaced =
                tni_translate_one(c, &from.data[i * from.step], &to.data[i * to.step]);
            uint8_t bytes[4];
            if (replaced >= 0) {
                tni_text_append(&text, bytes, tni_utf8_put((uint32_t)replaced, bytes));
            }
        }
        status = text.failed ? tni_scalar_text_failed(call, &text)
                             : tni_scalar_put(call, i, text.data, text.length);
    }
    tni_text_free(&text);
    return status;
}

/* -------------------------------------------------------------------------------------- bar --- */

/* A bar of x between low and high, `width` cells of eight steps, filled up with blanks. */
static trueno_status tni_bar_row(tni_call *call, uint32_t row, double x, double low, double high,
                                 double width) {
    double steps = 0;
    size_t whole, rest, cells, k;
    tni_string *out = (tni_string *)call->out + row;
    uint8_t *room;
    if (!(width >= 1 && width <= 1000)) {
        return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE, "the width of a bar is 1 to 1000");
    }
    if (x >= high) {
        steps = high > low ? width * 8 : 0;
    } else if (x > low) {
        steps = (x - low) / (high - low) * width * 8;
    }
    steps = tni_is_finite(steps) && steps > 0 ? tni_floor(steps) : 0;
    whole = (size_t)steps / 8;
    rest = (size_t)steps % 8;
    cells = (size_t)width;
    cells = cells > whole + (rest ? 1 : 0) ? cells - whole - (rest ? 1 : 0) : 0;
    room = tni_scalar_room(call, out, (whole + (rest ? 1 : 0)) * 3 + cells);
    if (room == NULL) {
        return tni_scalar_failed(call);
    }
    for (k = 0; k < whole; k++, room += 3) {
        memcpy(room, "\xe2\x96\x88", 3);
    }
    if (rest > 0) { /* U+2588 full block down to U+258F one eighth */
        (void)tni_utf8_put((uint32_t)(0x2590 - rest), room);
        room += 3;
    }
    memset(room, ' ', cells);
    tni_scalar_finish(out);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_bar(tni_call *call) {
    const double *a[4];
    size_t step[4] = {0, 0, 0, 0};
    double width = 80;
    tni_rows rows = tni_rows_of(call);
    uint32_t i, k;
    a[3] = &width;
    for (k = 0; k < call->count; k++) {
        a[k] = (const double *)tni_scalar_data(call, k);
        step[k] = tni_scalar_step(call, k);
    }
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        TNI_TRY(tni_bar_row(call, i, a[0][i * step[0]], a[1][i * step[1]], a[2][i * step[2]],
                            a[3][i * step[3]]));
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------ similarity --- */

#define TNI_DISTANCE_MOST UINT64_C(1000000000) /* steps for one pair of texts */

/* Two texts as codepoints, and scratch that grows with them. */
typedef struct tni_distance {
    tni_call *call;
    uint32_t *cells;
    size_t count;
    tni_scalar_strings texts[2];
    uint32_t *a, *b; /* in `cells`, behind the scratch asked for */
    size_t n, m;     /* codepoints of each */
} tni_distance;

static void tni_distance_begin(tni_distance *d, tni_call *call) {
    memset(d, 0, sizeof *d);
    d->call = call;
    d->texts[0] = tni_scalar_strings_of(call, 0);
    d->texts[1] = tni_scalar_strings_of(call, 1);
    tni_scalar_clear(call);
}

static void tni_distance_free(tni_distance *d) {
    tni_free(d->call->env->memory, d->cells, d->count * sizeof *d->cells);
}

static trueno_status tni_distance_room(tni_distance *d, size_t count) {
    if (count <= d->count) {
        return TRUENO_OK;
    }
    tni_distance_free(d);
    d->count = 0;
    d->cells = (uint32_t *)tni_alloc_array(d->call->env->memory, count, sizeof *d->cells);
    if (d->cells == NULL) {
        return tni_memory_fail(d->call->env->memory, count * sizeof *d->cells, d->call->error);
    }
    d->count = count;
    return TRUENO_OK;
}

static size_t tni_distance_decode(const tni_string *text, uint32_t *out) {
    const uint8_t *data = tni_string_data(text);
    size_t at = 0, n = 0;
    while (at < text->length) {
        out[n++] = tni_utf8_next(data, text->length, &at);
    }
    return n;
}

/* The texts of a row, `work` steps for each pair of their bytes, and room for scratch cells: as
 * many as bytes of both with `wide` false, as many as pairs else. */
static trueno_status tni_distance_take(tni_distance *d, uint32_t row, uint64_t work, bool wide) {
    const tni_string *s = &d->texts[0].data[row * d->texts[0].step];
    const tni_string *t = &d->texts[1].data[row * d->texts[1].step];
    uint64_t scratch = wide ? ((uint64_t)s->length + 2) * ((uint64_t)t->length + 2)
                            : (uint64_t)s->length + t->length + 1;
    if (work * s->length * t->length > TNI_DISTANCE_MOST) {
        return tni_fail(d->call->error, TRUENO_ERROR_LIMIT,
                        "the texts are too long to compute their distance");
    }
    /* damerau's row of last matches stands behind b */
    TNI_TRY(tni_distance_room(d, (size_t)scratch + s->length + 2 * (size_t)t->length));
    d->a = d->cells + scratch;
    d->b = d->a + s->length;
    d->n = tni_distance_decode(s, d->a);
    d->m = tni_distance_decode(t, d->b);
    return TRUENO_OK;
}

/* Insertions, deletions and substitutions from one text to the other; one row of the classic
 * table at a time. */
static int64_t tni_levenshtein(const tni_distance *d) {
    uint32_t *cells = d->cells;
    size_t i, j;
    for (j = 0; j <= d->m; j++) {
        cells[j] = (uint32_t)j;
    }
    for (i = 1; i <= d->n; i++) {
        uint32_t corner = cells[0];
        cells[0] = (uint32_t)i;
        for (j = 1; j <= d->m; j++) {
            uint32_t change = corner + (d->a[i - 1] != d->b[j - 1] ? 1 : 0);
            uint32_t other = TNI_MIN(cells[j], cells[j - 1]) + 1;
            corner = cells[j];
            cells[j] = TNI_MIN(change, other);
        }
    }
    return cells[d->m];
}

/* The same with swaps of neighbours, which may be apart by edits (F. Damerau 1964). last[j] is
 * the last row whose character is b[j]. */
static int64_t tni_damerau(const tni_distance *d) {
    size_t n = d->n, m = d->m, width = m + 2, i, j;
    uint32_t *cells = d->cells, *last = d->b + m;
    memset(last, 0, m * sizeof *last);
    for (i = 0; i < n + 2; i++) {
        cells[i * width] = (uint32_t)(n + m);
        cells[i * width + 1] = (uint32_t)(i > 0 ? i - 1 : n + m);
    }
    for (j = 0; j < m + 2; j++) {
        cells[j] = (uint32_t)(n + m);
        if (j > 0) {
            cells[width + j] = (uint32_t)(j - 1);
        }
    }
    for (i = 1; i <= n; i++) {
        size_t match = 0;
        for (j = 1; j <= m; j++) {
            size_t row = last[j - 1], column = match;
            uint32_t cost = d->a[i - 1] != d->b[j - 1] ? 1 : 0;
            uint32_t *cell = &cells[(i + 1) * width + j + 1];
            uint32_t best = cells[i * width + j] + cost;
            best = TNI_MIN(best, cells[(i + 1) * width + j] + 1);
            best = TNI_MIN(best, cells[i * width + j + 1] + 1);
            best = TNI_MIN(best, cells[row * width + column] +
                                     (uint32_t)((i - row - 1) + 1 + (j - column - 1)));
            *cell = best;
            match = cost == 0 ? j : match;
        }
        for (j = 0; j < m; j++) {
            last[j] = d->b[j] == d->a[i - 1] ? (uint32_t)i : last[j];
        }
    }
    return cells[(n + 1) * width + m + 1];
}

static trueno_status tni_distance_rows(tni_call *call, bool swaps) {
    tni_rows rows = tni_rows_of(call);
    trueno_status status = TRUENO_OK;
    tni_distance d;
    uint32_t i;
    tni_distance_begin(&d, call);
    while (status == TRUENO_OK && tni_rows_next(&rows, &i)) {
        status = tni_distance_take(&d, i, swaps ? 8 : 1, swaps);
        if (status == TRUENO_OK) {
            ((int64_t *)call->out)[i] = swaps ? tni_damerau(&d) : tni_levenshtein(&d);
        }
    }
    tni_distance_free(&d);
    return status;
}

TNI_FN trueno_status tni_eval_levenshtein(tni_call *call) {
    return tni_distance_rows(call, false);
}
TNI_FN trueno_status tni_eval_damerau(tni_call *call) {
    return tni_distance_rows(call, true);
}

TNI_FN trueno_status tni_eval_hamming(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0), t = tni_scalar_strings_of(call, 1);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *a = &s.data[i * s.step], *b = &t.data[i * t.step];
        size_t x = 0, y = 0;
        int64_t count = 0;
        while (x < a->length && y < b->length) {
            uint32_t c = tni_utf8_next(tni_string_data(a), a->length, &x);
            count += c != tni_utf8_next(tni_string_data(b), b->length, &y) ? 1 : 0;
        }
        if (x < a->length || y < b->length || x == 0) {
            return tni_fail(call->error, TRUENO_ERROR_INVALID,
                            "hamming wants two texts of the same length, at least 1");
        }
        ((int64_t *)call->out)[i] = count;
    }
    return TRUENO_OK;
}

/* Codepoint `i` sinks to its place in a heap of n with the largest on top. */
static void tni_codepoints_sink(uint32_t *v, size_t n, size_t i) {
    uint32_t moved = v[i];
    for (;;) {
        size_t child = 2 * i + 1;
        child += child + 1 < n && v[child + 1] > v[child] ? 1u : 0u;
        if (child >= n || v[child] <= moved) {
            break;
        }
        v[i] = v[child];
        i = child;
    }
    v[i] = moved;
}

/* Sort (by heap) and drop what is there twice; returns how many are left. */
static size_t tni_distinct_codepoints(uint32_t *v, size_t n) {
    size_t i, kept = 0;
    for (i = n / 2; i-- > 0;) {
        tni_codepoints_sink(v, n, i);
    }
    for (i = n; i-- > 1;) {
        uint32_t largest = v[0];
        v[0] = v[i];
        v[i] = largest;
        tni_codepoints_sink(v, i, 0);
    }
    for (i = 0; i < n; i++) {
        if (i == 0 || v[i] != v[i - 1]) {
            v[kept++] = v[i];
        }
    }
    return kept;
}

/* The characters both texts have in common, of all they have. */
static double tni_jaccard(tni_distance *d) {
    size_t n = tni_distinct_codepoints(d->a, d->n), m = tni_distinct_codepoints(d->b, d->m);
    size_t i = 0, j = 0, both = 0;
    while (i < n && j < m) {
        uint32_t x = d->a[i], y = d->b[j];
        both += x == y ? 1u : 0u;
        i += x <= y ? 1u : 0u;
        j += y <= x ? 1u : 0u;
    }
    return (double)both / (double)(n + m - both);
}

TNI_FN trueno_status tni_eval_jaccard(tni_call *call) {
    tni_rows rows = tni_rows_of(call);
    trueno_status status = TRUENO_OK;
    tni_distance d;
    uint32_t i;
    tni_distance_begin(&d, call);
    while (status == TRUENO_OK && tni_rows_next(&rows, &i)) {
        status = tni_distance_take(&d, i, 0, false);
        if (status == TRUENO_OK && (d.n == 0 || d.m == 0)) {
            status = tni_fail(call->error, TRUENO_ERROR_INVALID,
                              "jaccard wants two texts that are not empty");
        }
        if (status == TRUENO_OK) {
            ((double *)call->out)[i] = tni_jaccard(&d);
        }
    }
    tni_distance_free(&d);
    return status;
}

/* Jaro: matches within half the longer text, less the transposed ones. */
static double tni_jaro(const tni_distance *d) {
    size_t n = d->n, m = d->m, reach = TNI_MAX(n, m) / 2, i, j, k;
    uint8_t *marks = (uint8_t *)d->cells;
    size_t matches = 0, moved = 0;
    double count;
    if (n == 0 || m == 0) {
        return 0.0;
    }
    reach = reach > 0 ? reach - 1 : 0;
    memset(marks, 0, n + m);
    for (i = 0; i < n; i++) {
        size_t low = i > reach ? i - reach : 0, high = TNI_MIN(i + reach + 1, m);
        for (j = low; j < high; j++) {
            if (!marks[n + j] && d->a[i] == d->b[j]) {
                marks[i] = marks[n + j] = 1;
                matches++;
                break;
            }
        }
    }
    if (matches == 0) {
        return 0.0;
    }
    for (i = 0, k = 0; i < n; i++) {
        if (!marks[i]) {
            continue;
        }
        while (!marks[n + k]) {
            k++;
        }
        moved += d->a[i] != d->b[k++] ? 1u : 0u;
    }
    count = (double)matches;
    return (count / (double)n + count / (double)m + (count - (double)(moved / 2)) / count) / 3.0;
}

/* Winkler: a common beginning of up to four counts for more. */
static double tni_jaro_winkler(const tni_distance *d, double v) {
    size_t k = 0;
    while (k < 4 && k < d->n && k < d->m && d->a[k] == d->b[k]) {
        k++;
    }
    return v > 0.7 ? v + (double)k * 0.1 * (1.0 - v) : v;
}

static trueno_status tni_jaro_rows(tni_call *call, bool winkler) {
    const double *least = call->count > 2 ? (const double *)tni_scalar_data(call, 2) : NULL;
    size_t step = call->count > 2 ? tni_scalar_step(call, 2) : 0;
    tni_rows rows = tni_rows_of(call);
    trueno_status status = TRUENO_OK;
    tni_distance d;
    uint32_t i;
    tni_distance_begin(&d, call);
    while (status == TRUENO_OK && tni_rows_next(&rows, &i)) {
        status = tni_distance_take(&d, i, 1, false);
        if (status == TRUENO_OK) {
            double v = tni_jaro(&d);
            v = winkler ? tni_jaro_winkler(&d, v) : v;
            ((double *)call->out)[i] = least != NULL && v < least[i * step] ? 0.0 : v;
        }
    }
    tni_distance_free(&d);
    return status;
}

TNI_FN trueno_status tni_eval_jaro(tni_call *call) {
    return tni_jaro_rows(call, false);
}
TNI_FN trueno_status tni_eval_jaro_winkler(tni_call *call) {
    return tni_jaro_rows(call, true);
}

#undef TNI_TEXT_HIGH
#undef TNI_TEXT_ONES
#undef TNI_DISTANCE_MOST
