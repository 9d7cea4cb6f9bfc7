/*
 * regex_parse.c - the text of a regular expression to a tree, and sets of codepoints.
 *
 * Recursive descent with a bound on depth:
 *
 *   choice := concat ('|' concat)*      concat := repeat*
 *   repeat := atom ('*' | '+' | '?' | '{n}' | '{n,}' | '{n,m}')? '?'?
 *   atom   := '(' ... ')' | '[' ... ']' | '.' | '^' | '$' | '\' ... | a character
 *
 * With (?i) a character that has another case becomes a set of its forms. Flags set inside a
 * group hold to the group's end.
 *
 * Uses: base/, plan/regex_internal.h.
 */
#include "plan/regex_internal.h"

#define TNI_REGEX_DEPTH 250u
#define TNI_REGEX_REPEAT_MOST 1000u
#define TNI_REGEX_PATTERN_MOST (UINT32_C(1) << 16)
#define TNI_REGEX_FOLD_WORK (UINT64_C(1) << 22) /* codepoints looked at for (?i), all in all */

/* ------------------------------------------------------------------------------------ sets --- */

TNI_FN tni_regex_class *tni_regex_class_new(tni_arena *arena) {
    return (tni_regex_class *)tni_arena_alloc(arena, sizeof(tni_regex_class));
}

/* Ranges are only appended here; they are put in order when they are needed so. */
TNI_FN bool tni_regex_class_add(tni_arena *arena, tni_regex_class *set, uint32_t low,
                                uint32_t high) {
    if (low > high) {
        return true;
    }
    if (set->count == set->capacity) {
        uint32_t capacity = set->capacity ? set->capacity * 2 : 8;
        tni_regex_range *ranges =
            (tni_regex_range *)tni_arena_alloc(arena, (size_t)capacity * sizeof *ranges);
        if (ranges == NULL) {
            return false;
        }
        if (set->count > 0) {
            memcpy(ranges, set->ranges, set->count * sizeof *ranges);
        }
        set->ranges = ranges;
        set->capacity = capacity;
    }
    set->ranges[set->count].low = low;
    set->ranges[set->count].high = high;
    set->count++;
    return true;
}

/* Shell sort by the low end (few ranges, mostly in order), then join what touches. */
static void tni_regex_class_order(tni_regex_class *set) {
    uint32_t gap, i, j, kept = 0;
    for (gap = 1; gap < set->count / 3; gap = gap * 3 + 1) {
    }
    for (; gap > 0; gap /= 3) {
        for (i = gap; i < set->count; i++) {
            tni_regex_range r = set->ranges[i];
            for (j = i; j >= gap && set->ranges[j - gap].low > r.low; j -= gap) {
                set->ranges[j] = set->ranges[j - gap];
            }
            set->ranges[j] = r;
        }
    }
    for (i = 0; i < set->count; i++) {
        tni_regex_range r = set->ranges[i];
        if (kept > 0 && r.low <= set->ranges[kept - 1].high + 1) {
            set->ranges[kept - 1].high = TNI_MAX(set->ranges[kept - 1].high, r.high);
        } else {
            set->ranges[kept++] = r;
        }
    }
    set->count = kept;
}

/* Codepoints that are a third form of a letter, besides its upper and lower case. */
static const uint16_t tni_regex_forms[][2] = {
    {0x6b, 0x212a},  {0x73, 0x17f},   {0xe5, 0x212b},  {0x3c3, 0x3c2},  {0x3bc, 0xb5},
    {0x3b8, 0x3d1},  {0x3b2, 0x3d0},  {0x3c6, 0x3d5},  {0x3c0, 0x3d6},  {0x3ba, 0x3f0},
    {0x3c1, 0x3f1},  {0x3b5, 0x3f5},  {0x1e61, 0x1e9b}};

static bool tni_regex_class_add_forms(tni_arena *arena, tni_regex_class *set, uint32_t c) {
    uint32_t lower = tni_utf8_lower(c), upper = tni_utf8_upper(c);
    size_t i;
    if (lower != c && !tni_regex_class_add(arena, set, lower, lower)) {
        return false;
    }
    if (upper != c && !tni_regex_class_add(arena, set, upper, upper)) {
        return false;
    }
    lower = tni_utf8_lower(upper);
    if (lower != c && !tni_regex_class_add(arena, set, lower, lower)) {
        return false;
    }
    for (i = 0; i < TNI_COUNT_OF(tni_regex_forms); i++) {
        uint32_t third = tni_regex_forms[i][1];
        if (tni_regex_forms[i][0] == lower && third != c &&
            !tni_regex_class_add(arena, set, third, third)) {
            return false;
        }
    }
    return true;
}

TNI_FN bool tni_regex_class_fold(tni_arena *arena, tni_regex_class *set, uint64_t *work) {
    uint32_t count, i, c, last = 0x1e943; /* the last letter with two cases */
    tni_regex_class_order(set);
    count = set->count;
    for (i = 0; i < count; i++) {
        tni_regex_range r = set->ranges[i];
        if (r.low <= 0x80 && r.high >= last) {
            *work += 0x80; /* every form above 0x7f is there already */
            r.high = 0x7f;
        }
        for (c = r.low; c <= r.high && c <= last; c++) {
            if (++*work > TNI_REGEX_FOLD_WORK) {
                return true; /* the caller sees the count */
            }
            if (!tni_regex_class_add_forms(arena, set, c)) {
                return false;
            }
        }
    }
    tni_regex_class_order(set);
    return true;
}

TNI_FN bool tni_regex_class_invert(tni_arena *arena, tni_regex_class *set) {
    tni_regex_class outside;
    uint32_t i, from = 0;
    memset(&outside, 0, sizeof outside);
    tni_regex_class_order(set);
    for (i = 0; i < set->count; i++) {
        if (set->ranges[i].low > from &&
            !tni_regex_class_add(arena, &outside, from, set->ranges[i].low - 1)) {
            return false;
        }
        from = set->ranges[i].high + 1;
    }
    if (from <= TNI_REGEX_LAST && !tni_regex_class_add(arena, &outside, from, TNI_REGEX_LAST)) {
        return false;
    }
    *set = outside;
    return true;
}

TNI_FN bool tni_regex_class_has(const tni_regex_class *set, uint32_t codepoint) {
    uint32_t low = 0, high = set->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (set->ranges[middle].high < codepoint) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < set->count && set->ranges[low].low <= codepoint;
}

TNI_FN void tni_regex_class_finish(tni_regex_class *set) {
    uint32_t i, c, outside = 0;
    bool none = true;
    tni_regex_class_order(set);
    memset(set->bytes, 0, sizeof set->bytes);
    set->all_high = false;
    for (i = 0; i < set->count; i++) {
        for (c = set->ranges[i].low; c <= set->ranges[i].high && c < 0x80; c++) {
            set->bytes[c] = 1;
        }
        if (set->ranges[i].high >= 0x80) {
            none = false;
            set->all_high = set->ranges[i].low <= 0x80 && set->ranges[i].high == TNI_REGEX_LAST;
        }
    }
    set->simple = none || set->all_high;
    if (set->all_high) {
        memset(set->bytes + 0x80, 1, 0x80);
    }
    for (c = 0; c < 256; c++) {
        if (!set->bytes[c]) {
            outside++;
            set->stop = (uint8_t)c;
        }
    }
    set->one_stop = set->simple && outside == 1;
}

/* ---------------------------------------------------------------------------------- parser --- */

typedef struct tni_regex_parser {
    tni_arena *arena;
    tni_error *error;
    const uint8_t *pattern;
    size_t length, at;
    uint32_t depth;
    uint32_t groups;
    bool fold, dot_newline, lines, swap; /* flags i s m U */
    uint64_t fold_work;
    trueno_status status;
} tni_regex_parser;

/* NULL after recording why. */
static tni_regex_node *tni_regex_stop(tni_regex_parser *p, trueno_status status,
                                      const char *what) {
    if (p->status == TRUENO_OK) {
        p->status = tni_fail(p->error, status, "regular expression \"%.*s\": %s",
                             (int)TNI_MIN(p->length, 120), (const char *)p->pattern, what);
    }
    return NULL;
}

static tni_regex_node *tni_regex_bad(tni_regex_parser *p, const char *what) {
    return tni_regex_stop(p, TRUENO_ERROR_INVALID, what);
}

static tni_regex_node *tni_regex_memory(tni_regex_parser *p) {
    if (p->status == TRUENO_OK) {
        p->status = tni_memory_fail(p->arena->memory, sizeof(tni_regex_node), p->error);
    }
    return NULL;
}

static tni_regex_node *tni_regex_node_new(tni_regex_parser *p, tni_regex_node_kind kind,
                                          uint32_t value) {
    tni_regex_node *node = (tni_regex_node *)tni_arena_alloc(p->arena, sizeof *node);
    if (node == NULL) {
        return tni_regex_memory(p);
    }
    node->kind = kind;
    node->value = value;
    return node;
}

static void tni_regex_append(tni_regex_node *parent, tni_regex_node *child) {
    if (parent->last != NULL) {
        parent->last->next = child;
    } else {
        parent->first = child;
    }
    parent->last = child;
}

static bool tni_regex_more(const tni_regex_parser *p) {
    return p->at < p->length;
}

static bool tni_regex_accept(tni_regex_parser *p, char c) {
    if (tni_regex_more(p) && p->pattern[p->at] == (uint8_t)c) {
        p->at++;
        return true;
    }
    return false;
}

static bool tni_regex_starts(const tni_regex_parser *p, const char *text) {
    size_t n = strlen(text);
    return n <= p->length - p->at && memcmp(p->pattern + p->at, text, n) == 0;
}

static uint32_t tni_regex_next(tni_regex_parser *p) {
    return tni_utf8_next(p->pattern, p->length, &p->at);
}

/* A set node from ranges that are complete but for case. */
static tni_regex_node *tni_regex_set_node(tni_regex_parser *p, tni_regex_class *set) {
    tni_regex_node *node = tni_regex_node_new(p, TNI_REGEX_SET, 0);
    if (node != NULL) {
        tni_regex_class_finish(set);
        node->set = set;
    }
    return node;
}

static bool tni_regex_folded(tni_regex_parser *p, tni_regex_class *set) {
    if (!p->fold) {
        return true;
    }
    if (!tni_regex_class_fold(p->arena, set, &p->fold_work)) {
        (void)tni_regex_memory(p);
        return false;
    }
    if (p->fold_work > TNI_REGEX_FOLD_WORK) {
        (void)tni_regex_stop(p, TRUENO_ERROR_LIMIT, "too many characters to fold the case of");
        return false;
    }
    return true;
}

static tni_regex_node *tni_regex_character(tni_regex_parser *p, uint32_t c) {
    tni_regex_class *set;
    if (!p->fold || (tni_utf8_lower(c) == c && tni_utf8_upper(c) == c)) {
        return tni_regex_node_new(p, TNI_REGEX_CHARACTER, c);
    }
    set = tni_regex_class_new(p->arena);
    if (set == NULL || !tni_regex_class_add(p->arena, set, c, c)) {
        return tni_regex_memory(p);
    }
    return tni_regex_folded(p, set) ? tni_regex_set_node(p, set) : NULL;
}

/* ------------------------------------------------------------------------------- shorthands --- */

typedef struct tni_regex_named_class {
    const char *name;
    const char *ranges; /* pairs of characters */
} tni_regex_named_class;

static const tni_regex_named_class tni_regex_named[] = {
    {"alnum", "09AZaz"},  {"alpha", "AZaz"},   {"blank", "\t\t  "},       {"digit", "09"},
    {"graph", "!~"},      {"lower", "az"},     {"print", " ~"},           {"punct", "!/:@[`{~"},
    {"space", "\t\r  "},  {"upper", "AZ"},     {"word", "09AZaz__"},      {"xdigit", "09AFaf"},
};

static bool tni_regex_add_pairs(tni_regex_parser *p, tni_regex_class *set, const char *pairs) {
    for (; *pairs; pairs += 2) {
        if (!tni_regex_class_add(p->arena, set, (uint8_t)pairs[0], (uint8_t)pairs[1])) {
            (void)tni_regex_memory(p);
            return false;
        }
    }
    return true;
}

/* The set behind \d \w \s (upper case: what is not in it) into `set`. */
static bool tni_regex_add_shorthand(tni_regex_parser *p, tni_regex_class *set, uint8_t letter) {
    uint8_t lower = (uint8_t)(letter | 0x20);
    const char *pairs = lower == 'd' ? "09" : lower == 'w' ? "09AZaz__" : "\t\n\f\r  ";
    tni_regex_class *other;
    uint32_t i;
    if (letter == lower) {
        return tni_regex_add_pairs(p, set, pairs);
    }
    other = tni_regex_class_new(p->arena);
    if (other == NULL || !tni_regex_add_pairs(p, other, pairs) ||
        !tni_regex_class_invert(p->arena, other)) {
        (void)tni_regex_memory(p);
        return false;
    }
    for (i = 0; i < other->count; i++) {
        if (!tni_regex_class_add(p->arena, set, other->ranges[i].low, other->ranges[i].high)) {
            (void)tni_regex_memory(p);
            return false;
        }
    }
    return true;
}

static bool tni_regex_is_shorthand(uint8_t c) {
    return c == 'd' || c == 'D' || c == 'w' || c == 'W' || c == 's' || c == 'S';
}

static int tni_regex_hex(uint8_t c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* \x7F or \x{10FFFF}; `at` is past the x. */
static bool tni_regex_hex_escape(tni_regex_parser *p, uint32_t *out) {
    bool braces = tni_regex_accept(p, '{');
    uint32_t digits = 0, value = 0;
    while (tni_regex_more(p) && digits < (braces ? 8u : 2u)) {
        int digit = tni_regex_hex(p->pattern[p->at]);
        if (digit < 0) {
            break;
        }
        value = value * 16 + (uint32_t)digit;
        p->at++;
        digits++;
        if (value > TNI_REGEX_LAST) {
            return false;
        }
    }
    *out = value;
    return braces ? digits > 0 && tni_regex_accept(p, '}') : digits == 2;
}

/* An escape that stands for one character; `at` is past the backslash. False: it does not. */
static bool tni_regex_escape(tni_regex_parser *p, uint32_t *out) {
    uint8_t c;
    if (!tni_regex_more(p)) {
        (void)tni_regex_bad(p, "it ends with a backslash");
        return false;
    }
    c = p->pattern[p->at];
    if (c >= '0' && c <= '7') {
        uint32_t digits = 0, value = 0;
        if (c != '0' && !(p->at + 1 < p->length && p->pattern[p->at + 1] >= '0' &&
                          p->pattern[p->at + 1] <= '7')) {
            (void)tni_regex_stop(p, TRUENO_ERROR_UNSUPPORTED,
                                 "back-references (\\1) are not supported: they cannot be matched "
                                 "in linear time");
            return false;
        }
        for (; digits < 3 && tni_regex_more(p) && p->pattern[p->at] >= '0' &&
               p->pattern[p->at] <= '7';
             digits++) {
            value = value * 8 + (uint32_t)(p->pattern[p->at++] - '0');
        }
        *out = value;
        return true;
    }
    if (c < 0x80 && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
        !(c >= '0' && c <= '9')) {
        p->at++;
        *out = c;
        return true;
    }
    p->at++;
    switch (c) {
    case 'a': *out = 7; return true;
    case 'f': *out = '\f'; return true;
    case 'n': *out = '\n'; return true;
    case 'r': *out = '\r'; return true;
    case 't': *out = '\t'; return true;
    case 'v': *out = 11; return true;
    case 'x':
        if (tni_regex_hex_escape(p, out)) {
            return true;
        }
        (void)tni_regex_bad(p, "\\x wants two digits, or more in braces");
        return false;
    case 'p':
    case 'P':
        (void)tni_regex_stop(p, TRUENO_ERROR_UNSUPPORTED,
                             "Unicode properties (\\p) are not supported");
        return false;
    case 'C':
        (void)tni_regex_stop(p, TRUENO_ERROR_UNSUPPORTED, "single bytes (\\C) are not supported");
        return false;
    default: (void)tni_regex_bad(p, "there is no such escape sequence"); return false;
    }
}

/* --------------------------------------------------------------------------------- classes --- */

/* [:name:] or [:^name:] inside a class; false when it is none, or after an error. */
static bool tni_regex_named_in_class(tni_regex_parser *p, tni_regex_class *set) {
    size_t i, from = p->at + 2, end = from;
    bool negated;
    tni_regex_class *other;
    while (end + 1 < p->length && !(p->pattern[end] == ':' && p->pattern[end + 1] == ']')) {
        end++;
    }
    if (end + 1 >= p->length) {
        return false;
    }
    negated = from < end && p->pattern[from] == '^';
    from += negated ? 1 : 0;
    for (i = 0; i < TNI_COUNT_OF(tni_regex_named); i++) {
        const char *name = tni_regex_named[i].name;
        if (strlen(name) != end - from || memcmp(name, p->pattern + from, end - from) != 0) {
            continue;
        }
        p->at = end + 2;
        if (!negated) {
            return tni_regex_add_pairs(p, set, tni_regex_named[i].ranges);
        }
        other = tni_regex_class_new(p->arena);
        if (other == NULL || !tni_regex_add_pairs(p, other, tni_regex_named[i].ranges) ||
            !tni_regex_class_invert(p->arena, other)) {
            (void)tni_regex_memory(p);
            return false;
        }
        for (i = 0; i < other->count; i++) {
            if (!tni_regex_class_add(p->arena, set, other->ranges[i].low,
                                     other->ranges[i].high)) {
                (void)tni_regex_memory(p);
                return false;
            }
        }
        return true;
    }
    (void)tni_regex_bad(p, "there is no character class of that name");
    return false;
}

/* One end of a range. */
static bool tni_regex_class_character(tni_regex_parser *p, uint32_t *out) {
    if (!tni_regex_more(p)) {
        (void)tni_regex_bad(p, "a ] is missing");
        return false;
    }
    if (tni_regex_accept(p, '\\')) {
        return tni_regex_escape(p, out);
    }
    *out = tni_regex_next(p);
    return true;
}

static bool tni_regex_class_item(tni_regex_parser *p, tni_regex_class *set) {
    uint32_t low, high;
    if (tni_regex_starts(p, "[:")) {
        if (tni_regex_named_in_class(p, set)) {
            return true;
        }
        if (p->status != TRUENO_OK) {
            return false;
        }
    }
    if (p->at + 1 < p->length && p->pattern[p->at] == '\\' &&
        tni_regex_is_shorthand(p->pattern[p->at + 1])) {
        p->at += 2;
        return tni_regex_add_shorthand(p, set, p->pattern[p->at - 1]);
    }
    if (!tni_regex_class_character(p, &low)) {
        return false;
    }
    high = low;
    if (p->at + 1 < p->length && p->pattern[p->at] == '-' && p->pattern[p->at + 1] != ']') {
        p->at++;
        if (!tni_regex_class_character(p, &high)) {
            return false;
        }
        if (high < low) {
            (void)tni_regex_bad(p, "a range of a character class ends before it begins");
            return false;
        }
    }
    if (!tni_regex_class_add(p->arena, set, low, high)) {
        (void)tni_regex_memory(p);
        return false;
    }
    return true;
}

/* After the '['. */
static tni_regex_node *tni_regex_bracket(tni_regex_parser *p) {
    tni_regex_class *set = tni_regex_class_new(p->arena);
    bool negated = tni_regex_accept(p, '^'), first = true;
    if (set == NULL) {
        return tni_regex_memory(p);
    }
    while (first || !tni_regex_accept(p, ']')) {
        if (!tni_regex_more(p)) {
            return tni_regex_bad(p, "a ] is missing");
        }
        if (!tni_regex_class_item(p, set)) {
            return NULL;
        }
        first = false;
    }
    if (!tni_regex_folded(p, set)) {
        return NULL;
    }
    if (negated && !tni_regex_class_invert(p->arena, set)) {
        return tni_regex_memory(p);
    }
    return tni_regex_set_node(p, set);
}

static tni_regex_node *tni_regex_dot(tni_regex_parser *p) {
    tni_regex_class *set = tni_regex_class_new(p->arena);
    if (set == NULL || !tni_regex_class_add(p->arena, set, 0, p->dot_newline ? 0x10ffff : 9) ||
        !tni_regex_class_add(p->arena, set, 11, TNI_REGEX_LAST)) {
        return tni_regex_memory(p);
    }
    return tni_regex_set_node(p, set);
}

/* ------------------------------------------------------------------------------------ atoms --- */

static tni_regex_node *tni_regex_choice_of(tni_regex_parser *p);

/* \Q...\E */
static tni_regex_node *tni_regex_quoted(tni_regex_parser *p) {
    tni_regex_node *all = tni_regex_node_new(p, TNI_REGEX_CONCAT, 0);
    while (all != NULL && tni_regex_more(p)) {
        tni_regex_node *one;
        if (tni_regex_starts(p, "\\E")) {
            p->at += 2;
            break;
        }
        one = tni_regex_character(p, tni_regex_next(p));
        if (one == NULL) {
            return NULL;
        }
        tni_regex_append(all, one);
    }
    return all;
}

/* After the backslash. */
static tni_regex_node *tni_regex_backslash(tni_regex_parser *p) {
    uint8_t c = tni_regex_more(p) ? p->pattern[p->at] : 0;
    uint32_t value;
    switch (c) {
    case 'A': p->at++; return tni_regex_node_new(p, TNI_REGEX_ASSERT, TNI_REGEX_TEXT_START);
    case 'z': p->at++; return tni_regex_node_new(p, TNI_REGEX_ASSERT, TNI_REGEX_TEXT_END);
    case 'b': p->at++; return tni_regex_node_new(p, TNI_REGEX_ASSERT, TNI_REGEX_WORD_EDGE);
    case 'B': p->at++; return tni_regex_node_new(p, TNI_REGEX_ASSERT, TNI_REGEX_NO_WORD_EDGE);
    case 'Q': p->at++; return tni_regex_quoted(p);
    default: break;
    }
    if (tni_regex_is_shorthand(c)) {
        tni_regex_class *set = tni_regex_class_new(p->arena);
        p->at++;
        if (set == NULL) {
            return tni_regex_memory(p);
        }
        return tni_regex_add_shorthand(p, set, c) ? tni_regex_set_node(p, set) : NULL;
    }
    return tni_regex_escape(p, &value) ? tni_regex_character(p, value) : NULL;
}

static bool tni_regex_name_character(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The name of a group up to '>'. */
static bool tni_regex_group_name(tni_regex_parser *p) {
    size_t from = p->at;
    while (tni_regex_more(p) && tni_regex_name_character(p->pattern[p->at])) {
        p->at++;
    }
    if (p->at == from || !tni_regex_accept(p, '>')) {
        (void)tni_regex_bad(p, "the name of a group is not well-formed");
        return false;
    }
    return true;
}

/* (?flags) or (?flags: after the '?'. *opens tells which. */
static bool tni_regex_flags(tni_regex_parser *p, bool *opens) {
    bool value = true, any = false;
    for (;;) {
        uint8_t c = tni_regex_more(p) ? p->pattern[p->at++] : 0;
        switch (c) {
        case 'i': p->fold = value; break;
        case 'm': p->lines = value; break;
        case 's': p->dot_newline = value; break;
        case 'U': p->swap = value; break;
        case '-':
            if (!value) {
                (void)tni_regex_bad(p, "(? is not well-formed");
                return false;
            }
            value = false;
            break;
        case ':':
        case ')':
            *opens = c == ':';
            if (!any && c == ')') {
                (void)tni_regex_bad(p, "(? is not well-formed");
                return false;
            }
            return true;
        default: (void)tni_regex_bad(p, "(? is followed by an unknown operator"); return false;
        }
        any = true;
    }
}

/* After '(': what group it is. *number 0: does not capture; *plain_flags: flags for the rest of
 * the group around, no group of its own. */
static bool tni_regex_group_head(tni_regex_parser *p, uint32_t *number, bool *only_flags) {
    bool opens = true;
    *number = 0;
    *only_flags = false;
    if (!tni_regex_starts(p, "?")) {
        *number = ++p->groups;
        return true;
    }
    p->at++;
    if (tni_regex_starts(p, "=") || tni_regex_starts(p, "!") || tni_regex_starts(p, "<=") ||
        tni_regex_starts(p, "<!")) {
        (void)tni_regex_stop(p, TRUENO_ERROR_UNSUPPORTED,
                             "look-around ((?=, (?!, (?<) is not supported: it cannot be matched "
                             "in linear time");
        return false;
    }
    if (tni_regex_starts(p, "P<") || tni_regex_starts(p, "<")) {
        p->at += p->pattern[p->at] == 'P' ? 2 : 1;
        *number = ++p->groups;
        return tni_regex_group_name(p);
    }
    if (!tni_regex_flags(p, &opens)) {
        return false;
    }
    *only_flags = !opens;
    return true;
}

static tni_regex_node *tni_regex_group(tni_regex_parser *p) {
    bool fold = p->fold, dot_newline = p->dot_newline, lines = p->lines, swap = p->swap;
    bool only_flags;
    uint32_t number;
    tni_regex_node *inner, *group;
    if (!tni_regex_group_head(p, &number, &only_flags)) {
        return NULL;
    }
    if (only_flags) {
        return tni_regex_node_new(p, TNI_REGEX_EMPTY, 0);
    }
    inner = tni_regex_choice_of(p);
    if (inner == NULL) {
        return NULL;
    }
    if (!tni_regex_accept(p, ')')) {
        return tni_regex_bad(p, "a ) is missing");
    }
    p->fold = fold;
    p->dot_newline = dot_newline;
    p->lines = lines;
    p->swap = swap;
    if (number == 0) {
        return inner;
    }
    group = tni_regex_node_new(p, TNI_REGEX_GROUP, number);
    if (group != NULL) {
        tni_regex_append(group, inner);
    }
    return group;
}

static tni_regex_node *tni_regex_atom(tni_regex_parser *p) {
    uint8_t c = p->pattern[p->at];
    switch (c) {
    case '(': p->at++; return tni_regex_group(p);
    case '[': p->at++; return tni_regex_bracket(p);
    case '.': p->at++; return tni_regex_dot(p);
    case '\\': p->at++; return tni_regex_backslash(p);
    case '^':
        p->at++;
        return tni_regex_node_new(p, TNI_REGEX_ASSERT,
                                  p->lines ? TNI_REGEX_LINE_START : TNI_REGEX_TEXT_START);
    case '$':
        p->at++;
        return tni_regex_node_new(p, TNI_REGEX_ASSERT,
                                  p->lines ? TNI_REGEX_LINE_END : TNI_REGEX_TEXT_END);
    case '*':
    case '+':
    case '?': return tni_regex_bad(p, "* + and ? need something to repeat before them");
    default: return tni_regex_character(p, tni_regex_next(p));
    }
}

/* ------------------------------------------------------------------------------- repetition --- */

static bool tni_regex_number(const tni_regex_parser *p, size_t *at, uint32_t *out) {
    size_t from = *at;
    *out = 0;
    while (*at < p->length && p->pattern[*at] >= '0' && p->pattern[*at] <= '9') {
        *out = TNI_MIN(*out * 10 + (uint32_t)(p->pattern[*at] - '0'), 100000u);
        (*at)++;
    }
    return *at > from;
}

/* {n} {n,} {n,m}; anything else in braces is plain text. */
static bool tni_regex_braces(tni_regex_parser *p, uint32_t *low, uint32_t *high) {
    size_t at = p->at + 1;
    if (!tni_regex_number(p, &at, low)) {
        return false;
    }
    *high = *low;
    if (at < p->length && p->pattern[at] == ',') {
        at++;
        if (!tni_regex_number(p, &at, high)) {
            *high = TNI_REGEX_MANY;
        }
    }
    if (at >= p->length || p->pattern[at] != '}') {
        return false;
    }
    p->at = at + 1;
    return true;
}

/* The operator at hand; false when there is none. */
static bool tni_regex_repetition(tni_regex_parser *p, uint32_t *low, uint32_t *high) {
    if (!tni_regex_more(p)) {
        return false;
    }
    *low = 0;
    *high = TNI_REGEX_MANY;
    switch (p->pattern[p->at]) {
    case '*': p->at++; return true;
    case '+':
        p->at++;
        *low = 1;
        return true;
    case '?':
        p->at++;
        *high = 1;
        return true;
    case '{': return tni_regex_braces(p, low, high);
    default: return false;
    }
}

static tni_regex_node *tni_regex_repeat(tni_regex_parser *p) {
    tni_regex_node *atom = tni_regex_atom(p), *node;
    uint32_t low, high;
    size_t at;
    if (atom == NULL || !tni_regex_repetition(p, &low, &high)) {
        return atom;
    }
    if (low > TNI_REGEX_REPEAT_MOST ||
        (high != TNI_REGEX_MANY && (high > TNI_REGEX_REPEAT_MOST || high < low))) {
        return tni_regex_bad(p, "a repetition is {n,m} with n <= m <= 1000");
    }
    node = tni_regex_node_new(p, TNI_REGEX_REPEAT, 0);
    if (node == NULL) {
        return NULL;
    }
    node->low = low;
    node->high = high;
    node->greedy = tni_regex_accept(p, '?') == p->swap;
    tni_regex_append(node, atom);
    at = p->at;
    if (tni_regex_repetition(p, &low, &high)) {
        p->at = at;
        return tni_regex_bad(p, "two repetitions follow each other: use (?:...)");
    }
    return node;
}

static tni_regex_node *tni_regex_concat(tni_regex_parser *p) {
    tni_regex_node *all = tni_regex_node_new(p, TNI_REGEX_CONCAT, 0);
    while (all != NULL && tni_regex_more(p) && p->pattern[p->at] != '|' &&
           p->pattern[p->at] != ')') {
        tni_regex_node *one = tni_regex_repeat(p);
        if (one == NULL) {
            return NULL;
        }
        tni_regex_append(all, one);
    }
    return all;
}

static tni_regex_node *tni_regex_choice_of(tni_regex_parser *p) {
    tni_regex_node *first, *choice = NULL;
    if (++p->depth > TNI_REGEX_DEPTH) {
        return tni_regex_stop(p, TRUENO_ERROR_LIMIT, "groups are nested too deeply");
    }
    first = tni_regex_concat(p);
    while (first != NULL && tni_regex_accept(p, '|')) {
        tni_regex_node *other;
        if (choice == NULL) {
            choice = tni_regex_node_new(p, TNI_REGEX_CHOICE, 0);
            if (choice == NULL) {
                return NULL;
            }
            tni_regex_append(choice, first);
        }
        other = tni_regex_concat(p);
        if (other == NULL) {
            return NULL;
        }
        tni_regex_append(choice, other);
    }
    p->depth--;
    return choice != NULL ? choice : first;
}

static tni_regex_node *tni_regex_plain_text(tni_regex_parser *p) {
    tni_regex_node *all = tni_regex_node_new(p, TNI_REGEX_CONCAT, 0);
    while (all != NULL && tni_regex_more(p)) {
        tni_regex_node *one = tni_regex_character(p, tni_regex_next(p));
        if (one == NULL) {
            return NULL;
        }
        tni_regex_append(all, one);
    }
    return all;
}

TNI_FN trueno_status tni_regex_parse(tni_arena *arena, const uint8_t *pattern, size_t length,
                                     uint32_t flags, tni_regex_parsed *out, tni_error *error) {
    tni_regex_parser p;
    memset(&p, 0, sizeof p);
    memset(out, 0, sizeof *out);
    p.arena = arena;
    p.error = error;
    p.pattern = pattern;
    p.length = length;
    p.fold = (flags & TNI_REGEX_FOLD) != 0;
    p.dot_newline = (flags & TNI_REGEX_DOT_NEWLINE) != 0;
    if (length > TNI_REGEX_PATTERN_MOST) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "the regular expression is longer than %lu",
                        (unsigned long)TNI_REGEX_PATTERN_MOST);
    }
    out->root = (flags & TNI_REGEX_LITERAL) != 0 ? tni_regex_plain_text(&p)
                                                 : tni_regex_choice_of(&p);
    if (out->root != NULL && tni_regex_more(&p)) {
        (void)tni_regex_bad(&p, "there is a ) too many");
    }
    out->group_count = p.groups;
    return p.status;
}

#undef TNI_REGEX_DEPTH
#undef TNI_REGEX_REPEAT_MOST
#undef TNI_REGEX_PATTERN_MOST
#undef TNI_REGEX_FOLD_WORK
