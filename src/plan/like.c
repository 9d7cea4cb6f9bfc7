/*
 * like.c - compiling and matching LIKE, ILIKE and GLOB. See like.h for the model.
 *
 * Uses: base/, plan/like.h, plan/text_find.h.
 */
#include "plan/like.h"
#include "plan/text_find.h"

/* ----------------------------------------------------------------------------- compilation --- */

typedef struct tni_like_builder {
    uint8_t *bytes, *any; /* of all pieces, one after the other */
    size_t used, from;
    size_t characters;
    bool wild;
    tni_like *like;
} tni_like_builder;

/* `length` is that of the pattern: pieces and their text never need more (case may add bytes). */
static bool tni_like_builder_init(tni_like_builder *b, tni_arena *arena, size_t length,
                                  tni_like *out) {
    size_t room = length * 2 + 4;
    memset(b, 0, sizeof *b);
    memset(out, 0, sizeof *out);
    b->like = out;
    b->bytes = (uint8_t *)tni_arena_alloc(arena, room);
    b->any = (uint8_t *)tni_arena_alloc(arena, room);
    out->text = b->bytes;
    out->pieces = (tni_like_piece *)tni_arena_alloc(arena, (length / 2 + 2) * sizeof *out->pieces);
    return b->bytes != NULL && b->any != NULL && out->pieces != NULL;
}

static void tni_like_add(tni_like_builder *b, uint32_t codepoint) {
    b->used += tni_utf8_put(codepoint, b->bytes + b->used);
    b->characters++;
}

static void tni_like_add_any(tni_like_builder *b) {
    b->any[b->used++] = 1;
    b->characters++;
    b->wild = true;
}

/* Close the piece at hand, if it has anything in it. */
static void tni_like_end_piece(tni_like_builder *b) {
    tni_like_piece *piece;
    if (b->used == b->from) {
        return;
    }
    piece = &b->like->pieces[b->like->count++];
    piece->bytes = b->bytes + b->from;
    piece->any = b->wild ? b->any + b->from : NULL;
    piece->length = b->used - b->from;
    piece->characters = b->characters;
    piece->lead = 0;
    while (piece->lead < piece->length && !b->any[b->from + piece->lead]) {
        piece->lead++;
    }
    b->from = b->used;
    b->characters = 0;
    b->wild = false;
}

/* The shape, once all pieces are there. */
static void tni_like_classify(tni_like *like) {
    like->kind = TNI_LIKE_GENERAL;
    if (like->count == 0) {
        like->kind = like->open_start || like->open_end ? TNI_LIKE_INFIX : TNI_LIKE_EXACT;
        return;
    }
    if (like->count == 1 && like->pieces[0].any == NULL) {
        like->text = like->pieces[0].bytes;
        like->length = like->pieces[0].length;
        like->kind = like->open_start ? (like->open_end ? TNI_LIKE_INFIX : TNI_LIKE_SUFFIX)
                                      : (like->open_end ? TNI_LIKE_PREFIX : TNI_LIKE_EXACT);
    }
}

TNI_FN trueno_status tni_like_compile(tni_arena *arena, const uint8_t *pattern, size_t length,
                                      uint32_t escape, bool fold, tni_like *out,
                                      tni_error *error) {
    tni_like_builder b;
    size_t at = 0;
    bool run = false; /* the character before was a % */
    if (!tni_like_builder_init(&b, arena, length, out)) {
        return tni_memory_fail(arena->memory, length * 4, error);
    }
    out->fold = fold;
    while (at < length) {
        bool first = at == 0;
        uint32_t c = tni_utf8_next(pattern, length, &at);
        run = false;
        if (escape != 0 && c == escape) {
            if (at == length) {
                return tni_fail(error, TRUENO_ERROR_INVALID,
                                "a LIKE pattern must not end with its escape character");
            }
            c = tni_utf8_next(pattern, length, &at);
        } else if (c == '%') {
            out->open_start = out->open_start || first;
            tni_like_end_piece(&b);
            run = true;
            continue;
        } else if (c == '_') {
            tni_like_add_any(&b);
            continue;
        }
        tni_like_add(&b, fold ? tni_utf8_lower(c) : c);
    }
    out->open_end = run;
    tni_like_end_piece(&b);
    tni_like_classify(out);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_glob_compile(tni_arena *arena, const uint8_t *pattern, size_t length,
                                      tni_like *out, tni_error *error) {
    tni_like_builder b;
    size_t at;
    for (at = 0; at < length; at++) {
        if (pattern[at] == '?' || pattern[at] == '[' || pattern[at] == '\\') {
            uint8_t *copy = (uint8_t *)tni_arena_alloc(arena, length);
            if (copy == NULL) {
                return tni_memory_fail(arena->memory, length, error);
            }
            memset(out, 0, sizeof *out);
            memcpy(copy, pattern, length);
            out->kind = TNI_LIKE_GLOB;
            out->text = copy;
            out->length = length;
            return TRUENO_OK;
        }
    }
    if (!tni_like_builder_init(&b, arena, length, out)) {
        return tni_memory_fail(arena->memory, length * 4, error);
    }
    for (at = 0; at < length; at++) {
        if (pattern[at] == '*') {
            out->open_start = out->open_start || at == 0;
            out->open_end = at + 1 == length;
            tni_like_end_piece(&b);
        } else {
            b.bytes[b.used++] = pattern[at];
            b.characters++;
        }
    }
    tni_like_end_piece(&b);
    tni_like_classify(out);
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- matching --- */

static bool tni_like_equal(const uint8_t *text, const uint8_t *piece, size_t length, bool fold) {
    return fold ? tni_equal_folded(text, piece, length) : memcmp(text, piece, length) == 0;
}

/* Does the piece stand at `at`? *end is where it ends. */
static bool tni_like_piece_at(const tni_like_piece *piece, const uint8_t *text, size_t length,
                              size_t at, bool fold, size_t *end) {
    size_t i = 0;
    while (i < piece->length) {
        size_t from = i;
        if (piece->any != NULL && piece->any[i]) {
            if (at >= length) {
                return false;
            }
            at = tni_utf8_skip(text, length, at, 1);
            i++;
            continue;
        }
        while (i < piece->length && (piece->any == NULL || !piece->any[i])) {
            i++;
        }
        if (length - at < i - from || !tni_like_equal(text + at, piece->bytes + from, i - from,
                                                      fold)) {
            return false;
        }
        at += i - from;
    }
    *end = at;
    return true;
}

/* The first place from `at` on; false when there is none. *end is where it ends there. */
static bool tni_like_piece_find(const tni_like_piece *piece, const uint8_t *text, size_t length,
                                size_t at, bool fold, size_t *end) {
    while (at <= length) {
        if (piece->lead > 0) {
            size_t found = fold ? tni_find_folded(text + at, length - at, piece->bytes,
                                                  piece->lead)
                                : tni_find(text + at, length - at, piece->bytes, piece->lead);
            if (found == TNI_FIND_NONE) {
                return false;
            }
            at += found;
        }
        if (tni_like_piece_at(piece, text, length, at, fold, end)) {
            return true;
        }
        if (at == length) {
            return false;
        }
        at = tni_utf8_skip(text, length, at, 1);
    }
    return false;
}

static bool tni_like_general(const tni_like *like, const uint8_t *text, size_t length,
                             bool fold) {
    uint32_t first = 0, last = like->count;
    size_t at = 0, end, from;
    if (!like->open_start) {
        if (!tni_like_piece_at(&like->pieces[0], text, length, 0, fold, &at)) {
            return false;
        }
        first = 1;
    }
    if (!like->open_end) {
        const tni_like_piece *piece = &like->pieces[last - 1];
        if (first == last) {
            return at == length;
        }
        from = piece->any != NULL                  ? tni_utf8_skip_back(text, length,
                                                                        piece->characters)
               : piece->length <= length           ? length - piece->length
                                                   : length;
        if (from < at || !tni_like_piece_at(piece, text, length, from, fold, &end) ||
            end != length) {
            return false;
        }
        length = from;
        last--;
    }
    for (; first < last; first++) {
        if (!tni_like_piece_find(&like->pieces[first], text, length, at, fold, &at)) {
            return false;
        }
    }
    return true;
}

/* [...] at pattern[*at] against one byte; *at moves past it. An unclosed one matches nothing. */
static bool tni_glob_bracket(const tni_like *like, size_t *at, uint8_t c, bool *closed) {
    const uint8_t *p = like->text;
    size_t i = *at + 1;
    bool negated = i < like->length && p[i] == '!', found = false, first = true;
    i += negated ? 1 : 0;
    *closed = false;
    for (; i < like->length && (first || p[i] != ']'); first = false) {
        uint8_t low = p[i], high = low;
        i++;
        if (i + 1 < like->length && p[i] == '-' && p[i + 1] != ']') {
            high = p[i + 1];
            i += 2;
        }
        found = found || (low <= c && c <= high);
    }
    *closed = i < like->length;
    *at = i + 1;
    return *closed && found != negated;
}

/* One pattern element against one byte; *at moves past the element. */
static bool tni_glob_one(const tni_like *like, size_t *at, uint8_t c) {
    const uint8_t *p = like->text;
    bool closed;
    switch (p[*at]) {
    case '?': ++*at; return true;
    case '[': return tni_glob_bracket(like, at, c, &closed);
    case '\\':
        if (*at + 1 < like->length) {
            ++*at;
        }
        return p[(*at)++] == c;
    default: return p[(*at)++] == c;
    }
}

/* The latest * alone needs to be taken back. */
static bool tni_like_glob_match(const tni_like *like, const uint8_t *text, size_t length) {
    size_t p = 0, t = 0, star = SIZE_MAX, held = 0;
    while (t < length) {
        size_t next = p;
        if (p < like->length && like->text[p] == '*') {
            star = ++p;
            held = t;
        } else if (p < like->length && tni_glob_one(like, &next, text[t])) {
            p = next;
            t++;
        } else if (star != SIZE_MAX) {
            p = star;
            t = ++held;
        } else {
            return false;
        }
    }
    while (p < like->length && like->text[p] == '*') {
        p++;
    }
    return p == like->length;
}

static bool tni_like_shape(const tni_like *like, const uint8_t *text, size_t length, bool fold) {
    size_t n = like->length;
    switch (like->kind) {
    case TNI_LIKE_EXACT: return length == n && tni_like_equal(text, like->text, n, fold);
    case TNI_LIKE_PREFIX: return length >= n && tni_like_equal(text, like->text, n, fold);
    case TNI_LIKE_SUFFIX:
        return length >= n && tni_like_equal(text + (length - n), like->text, n, fold);
    case TNI_LIKE_INFIX:
        return (fold ? tni_find_folded(text, length, like->text, n)
                     : tni_find(text, length, like->text, n)) != TNI_FIND_NONE;
    case TNI_LIKE_GENERAL: return tni_like_general(like, text, length, fold);
    default: return tni_like_glob_match(like, text, length);
    }
}

TNI_FN bool tni_like_match(const tni_like *like, const uint8_t *text, size_t length,
                           tni_text *scratch) {
    size_t at = 0;
    if (!like->fold || tni_is_ascii(text, length)) {
        return tni_like_shape(like, text, length, like->fold);
    }
    tni_text_clear(scratch);
    while (at < length) {
        uint8_t bytes[4];
        size_t n = tni_utf8_put(tni_utf8_lower(tni_utf8_next(text, length, &at)), bytes);
        tni_text_append(scratch, bytes, n);
    }
    return !scratch->failed &&
           tni_like_shape(like, (const uint8_t *)scratch->data, scratch->length, false);
}
