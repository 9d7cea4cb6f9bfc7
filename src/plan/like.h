/*
 * like.h - LIKE, ILIKE and GLOB patterns, compiled.
 *
 * A pattern is pieces of literal text between wildcards for any run (% or *). Where the first
 * and last piece must stand, and where the others are looked for, follows from that; the shapes
 * people write most (text, text%, %text, %text%) have matches of their own. _ stands for one
 * codepoint inside a piece.
 */
#ifndef TNI_PLAN_LIKE_H
#define TNI_PLAN_LIKE_H

#include "base/memory.h"
#include "base/text.h"

typedef enum tni_like_kind {
    TNI_LIKE_EXACT,
    TNI_LIKE_PREFIX,
    TNI_LIKE_SUFFIX,
    TNI_LIKE_INFIX,
    TNI_LIKE_GENERAL,
    TNI_LIKE_GLOB /* with ? or [...]: byte by byte */
} tni_like_kind;

typedef struct tni_like_piece {
    const uint8_t *bytes;
    const uint8_t *any; /* 1 where any codepoint fits; NULL: nowhere */
    size_t length;
    size_t lead;        /* bytes before the first place for any codepoint */
    size_t characters;
} tni_like_piece;

typedef struct tni_like {
    tni_like_kind kind;
    bool fold;               /* pieces are lower case; so must the text become */
    bool open_start, open_end;
    uint32_t count;
    tni_like_piece *pieces;
    const uint8_t *text;     /* the literal of the shapes with one piece; GLOB: the pattern */
    size_t length;
} tni_like;

/* `escape`: the character (codepoint) that makes the next one plain, or 0. Errors: INVALID,
 * MEMORY. */
TNI_FN trueno_status tni_like_compile(tni_arena *arena, const uint8_t *pattern, size_t length,
                                      uint32_t escape, bool fold, tni_like *out,
                                      tni_error *error);
TNI_FN trueno_status tni_glob_compile(tni_arena *arena, const uint8_t *pattern, size_t length,
                                      tni_like *out, tni_error *error);
/* `scratch` holds the lower case form of texts that are not ASCII, with `fold`; check
 * scratch->failed afterwards. */
TNI_FN bool tni_like_match(const tni_like *like, const uint8_t *text, size_t length,
                           tni_text *scratch);

#endif
