/*
 * regex_internal.h - what the parser, compiler and matcher of regular expressions share.
 *
 *   text --parse--> tree of nodes --compile--> two programs --match--> places
 *
 * The quick program has instructions for literal strings and runs of a class, and is run by a
 * backtracking matcher on a budget; the plain one consumes a codepoint an instruction and is run
 * by the parallel simulation when the budget is spent.
 */
#ifndef TNI_PLAN_REGEX_INTERNAL_H
#define TNI_PLAN_REGEX_INTERNAL_H

#include "plan/regex.h"

#define TNI_REGEX_LAST UINT32_C(0x10ffff)

typedef struct tni_regex_range {
    uint32_t low, high;
} tni_regex_range;

/* A set of codepoints. */
typedef struct tni_regex_class {
    tni_regex_range *ranges; /* sorted, apart */
    uint32_t count, capacity;
    uint8_t bytes[256]; /* single bytes: 1 = in the set; above 127 all or none (simple) */
    bool simple;        /* all or none of the codepoints above 127 */
    bool all_high;      /* simple, and all of them */
    uint8_t stop;       /* the only byte not in a simple set, see one_stop */
    bool one_stop;
} tni_regex_class;

typedef enum tni_regex_node_kind {
    TNI_REGEX_EMPTY,
    TNI_REGEX_CHARACTER, /* value: codepoint, not folded */
    TNI_REGEX_SET,
    TNI_REGEX_CONCAT,    /* children in order */
    TNI_REGEX_CHOICE,    /* children by preference */
    TNI_REGEX_REPEAT,    /* one child, low .. high times */
    TNI_REGEX_GROUP,     /* one child; value: number */
    TNI_REGEX_ASSERT     /* value: tni_regex_assertion */
} tni_regex_node_kind;

typedef enum tni_regex_assertion {
    TNI_REGEX_TEXT_START,
    TNI_REGEX_TEXT_END,
    TNI_REGEX_LINE_START,
    TNI_REGEX_LINE_END,
    TNI_REGEX_WORD_EDGE,
    TNI_REGEX_NO_WORD_EDGE
} tni_regex_assertion;

#define TNI_REGEX_MANY UINT32_MAX /* REPEAT without upper limit */

typedef struct tni_regex_node {
    tni_regex_node_kind kind;
    bool greedy;
    uint32_t value;
    uint32_t low, high;
    tni_regex_class *set;
    struct tni_regex_node *first, *last; /* children */
    struct tni_regex_node *next;         /* sibling */
} tni_regex_node;

typedef enum tni_regex_op {
    TNI_REGEX_OP_MATCH,
    TNI_REGEX_OP_FAIL,
    TNI_REGEX_OP_CHARACTER, /* plain: codepoint `value` */
    TNI_REGEX_OP_STRING,    /* quick: bytes [value, value + y) of the strings */
    TNI_REGEX_OP_SET,       /* one codepoint of set `value` */
    TNI_REGEX_OP_RUN,       /* quick: as many of set `value` as there are, at least `least` */
    TNI_REGEX_OP_SPLIT,     /* x first, then y */
    TNI_REGEX_OP_SAVE,      /* slot `value` */
    TNI_REGEX_OP_ASSERT
} tni_regex_op;

typedef struct tni_regex_instruction {
    uint8_t op;
    bool final;     /* RUN: never gives back what it took */
    uint8_t least;  /* RUN */
    bool looks;     /* SPLIT: `table` tells by the next byte; RUN: what may follow, too */
    uint32_t x, y;  /* next; other next */
    uint32_t value;
    uint32_t table; /* of 256 bytes: bit 0 = x can begin so, bit 1 = y can */
} tni_regex_instruction;

typedef struct tni_regex_program {
    tni_regex_instruction *code;
    uint32_t count;
    uint32_t start;
} tni_regex_program;

struct tni_regex {
    tni_regex_program quick, plain;
    bool quick_only_plain; /* a loop whose body can be empty: the simulation alone is right */
    tni_regex_class **sets;
    const uint8_t *strings;
    uint8_t (*tables)[256];
    uint32_t group_count;
    uint32_t slots;        /* slots written, 2 at least */
    bool anchored;         /* matches at the start of the text alone */
    bool line_anchored;    /* begins with .*: only line starts need trying */
    bool literal;          /* the pattern is `prefix` and nothing else */
    bool first_known;      /* a match begins with a byte of `first` */
    uint8_t first[256];
    const uint8_t *prefix; /* every match begins with these bytes */
    size_t prefix_length;
    const uint8_t *needed; /* every match has these bytes in it */
    size_t needed_length;
};

typedef struct tni_regex_parsed {
    tni_regex_node *root;
    uint32_t group_count;
} tni_regex_parsed;

TNI_FN trueno_status tni_regex_parse(tni_arena *arena, const uint8_t *pattern, size_t length,
                                     uint32_t flags, tni_regex_parsed *out, tni_error *error);

/* Sets. False: out of memory. */
TNI_FN tni_regex_class *tni_regex_class_new(tni_arena *arena);
TNI_FN bool tni_regex_class_add(tni_arena *arena, tni_regex_class *set, uint32_t low,
                                uint32_t high);
TNI_FN bool tni_regex_class_fold(tni_arena *arena, tni_regex_class *set, uint64_t *work);
TNI_FN bool tni_regex_class_invert(tni_arena *arena, tni_regex_class *set);
TNI_FN void tni_regex_class_finish(tni_regex_class *set); /* the byte table and its facts */
TNI_FN bool tni_regex_class_has(const tni_regex_class *set, uint32_t codepoint);

#endif
