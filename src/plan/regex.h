/*
 * regex.h - regular expressions over UTF-8 in linear time, in the dialect of RE2.
 *
 * Literals, ., classes ([a-z], [^/], [[:alpha:]], \d \w \s and their opposites), groups (plain,
 * (?:...), named), alternation, * + ? {n,m} greedy and lazy, ^ $ \A \z \b \B, flags (?imsU),
 * \Q...\E, escapes. What cannot run in linear time (back-references, look-around) and Unicode
 * properties are refused by name. The leftmost match wins, among those the one a backtracking
 * matcher would find first.
 *
 * A tni_regex never changes after compiling: threads share it, each with a matcher of its own.
 */
#ifndef TNI_PLAN_REGEX_H
#define TNI_PLAN_REGEX_H

#include "base/memory.h"
#include "base/text.h"

#define TNI_REGEX_GROUPS 10u /* groups that can be asked for: \0 (all) to \9 */

enum {
    TNI_REGEX_FOLD = 1,        /* any case */
    TNI_REGEX_LITERAL = 2,     /* the pattern is plain text */
    TNI_REGEX_DOT_NEWLINE = 4, /* . matches \n too */
    TNI_REGEX_WHOLE = 8,       /* the match must span the text */
    TNI_REGEX_TEST = 16        /* only whether there is a match is asked, not where */
};

typedef struct tni_regex tni_regex;

/* Compile into `arena`. `groups`: bit g set when the place of group g is wanted. Errors: INVALID
 * (a bad pattern), UNSUPPORTED, LIMIT (too large), MEMORY. */
TNI_FN trueno_status tni_regex_compile(tni_arena *arena, const uint8_t *pattern, size_t length,
                                       uint32_t flags, uint32_t groups, const tni_regex **out,
                                       tni_error *error);
/* Number of capturing groups in the pattern, group 0 not counted. */
TNI_FN uint32_t tni_regex_group_count(const tni_regex *regex);

/* One step of undoing, see regex_match.c. */
typedef struct tni_regex_choice {
    uint32_t pc; /* instruction, or slot with a tag */
    uint32_t low;
    size_t at;
} tni_regex_choice;

#define TNI_REGEX_STACK 128u

/* Scratch memory for matching; one per thread. */
typedef struct tni_regex_matcher {
    tni_memory *memory;
    tni_regex_choice *stack;
    size_t capacity;
    uint8_t *threads; /* of the parallel simulation */
    size_t thread_bytes;
    bool failed; /* out of memory: `wanted` bytes were not to be had */
    size_t wanted;
    tni_regex_choice first[TNI_REGEX_STACK];
} tni_regex_matcher;

TNI_FN void tni_regex_matcher_init(tni_regex_matcher *matcher, tni_memory *memory);
TNI_FN void tni_regex_matcher_free(tni_regex_matcher *matcher);
/*
 * The first match at or after byte `start` (assertions see the text before it). True when there
 * is one; then group g spans bytes slots[2 g] to slots[2 g + 1], SIZE_MAX when it took no part.
 * `slots` has 2 * TNI_REGEX_GROUPS entries. Out of memory: false, matcher->failed set.
 */
TNI_FN bool tni_regex_match(tni_regex_matcher *matcher, const tni_regex *regex,
                            const uint8_t *text, size_t length, size_t start, size_t *slots);

#endif
