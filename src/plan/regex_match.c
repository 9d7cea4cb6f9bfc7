/*
 * regex_match.c - running regular expressions.
 *
 * The quick program is run by backtracking: choices go on a stack, the next byte settles most of
 * them before they get there, runs of a class are taken whole. Backtracking can explode, so it
 * has a budget in proportion to the text; when that is spent the match starts over with the plain
 * program in the parallel simulation (K. Thompson 1968, with capture slots as R. Pike had them),
 * whose time is text times program whatever happens. Both find the same match: the leftmost one
 * that is first in order of preference.
 *
 * Texts are taken to be UTF-8; bytes that are not are stepped over, never past the end.
 *
 * Uses: base/, plan/regex_internal.h, plan/text_find.h.
 */
#include "plan/regex_internal.h"
#include "plan/text_find.h"

#define TNI_REGEX_TAG_RESTORE UINT32_C(0x80000000)
#define TNI_REGEX_TAG_RUN UINT32_C(0x40000000)

typedef enum tni_regex_outcome {
    TNI_REGEX_NO,
    TNI_REGEX_YES,
    TNI_REGEX_SPENT /* the budget, or the memory */
} tni_regex_outcome;

typedef struct tni_regex_scan {
    tni_regex_matcher *matcher;
    const tni_regex *regex;
    const uint8_t *text;
    size_t length;
    size_t *slots;
    int64_t budget;
} tni_regex_scan;

TNI_FN void tni_regex_matcher_init(tni_regex_matcher *matcher, tni_memory *memory) {
    matcher->memory = memory;
    matcher->stack = matcher->first;
    matcher->capacity = TNI_REGEX_STACK;
    matcher->threads = NULL;
    matcher->thread_bytes = 0;
    matcher->failed = false;
    matcher->wanted = 0;
}

TNI_FN void tni_regex_matcher_free(tni_regex_matcher *matcher) {
    if (matcher->stack != matcher->first) {
        tni_free(matcher->memory, matcher->stack, matcher->capacity * sizeof *matcher->stack);
    }
    tni_free(matcher->memory, matcher->threads, matcher->thread_bytes);
    tni_regex_matcher_init(matcher, matcher->memory);
}

static bool tni_regex_stack_grow(tni_regex_matcher *m) {
    size_t capacity = m->capacity * 2;
    tni_regex_choice *stack =
        (tni_regex_choice *)tni_alloc_array(m->memory, capacity, sizeof *stack);
    if (stack == NULL) {
        m->failed = true;
        m->wanted = capacity * sizeof *stack;
        return false;
    }
    memcpy(stack, m->stack, m->capacity * sizeof *stack);
    if (m->stack != m->first) {
        tni_free(m->memory, m->stack, m->capacity * sizeof *stack);
    }
    m->stack = stack;
    m->capacity = capacity;
    return true;
}

/* ----------------------------------------------------------------------------- small steps --- */

static bool tni_regex_word_byte(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool tni_regex_holds(uint32_t assertion, const uint8_t *text, size_t length, size_t at) {
    bool before, after;
    switch (assertion) {
    case TNI_REGEX_TEXT_START: return at == 0;
    case TNI_REGEX_TEXT_END: return at == length;
    case TNI_REGEX_LINE_START: return at == 0 || text[at - 1] == '\n';
    case TNI_REGEX_LINE_END: return at == length || text[at] == '\n';
    default: break;
    }
    before = at > 0 && tni_regex_word_byte(text[at - 1]);
    after = at < length && tni_regex_word_byte(text[at]);
    return (before != after) == (assertion == TNI_REGEX_WORD_EDGE);
}

/* One codepoint of the set at *at (below length). */
TNI_INLINE bool tni_regex_step(const tni_regex_class *set, const uint8_t *text, size_t length,
                               size_t *at) {
    uint8_t c = text[*at];
    if (c < 0x80) {
        (*at)++;
        return set->bytes[c] != 0;
    }
    if (set->simple && !set->all_high) {
        return false;
    }
    return tni_regex_class_has(set, tni_utf8_next(text, length, at));
}

/* The end of the run of a simple set that begins at `at`. */
TNI_INLINE size_t tni_regex_run_end(const tni_regex_class *set, const uint8_t *text,
                                    size_t length, size_t at) {
    if (set->one_stop) {
        const void *stop = at < length ? memchr(text + at, set->stop, length - at) : NULL;
        return stop != NULL ? (size_t)((const uint8_t *)stop - text) : length;
    }
    while (at < length && set->bytes[text[at]]) {
        at++;
    }
    return at;
}

TNI_INLINE size_t tni_regex_before(const uint8_t *text, size_t at, size_t low) {
    do {
        at--;
    } while (at > low && (text[at] & 0xc0) == 0x80);
    return at;
}

/* ---------------------------------------------------------------------------- backtracking --- */

/*
 * Go back to the latest choice. *depth is the height of the stack; false when nothing is left.
 * A run gives back one codepoint, or as many as what follows cannot begin with.
 */
static bool tni_regex_back(tni_regex_scan *scan, size_t *depth, uint32_t *pc, size_t *at) {
    const tni_regex *regex = scan->regex;
    tni_regex_choice *stack = scan->matcher->stack;
    while (*depth > 0) {
        tni_regex_choice *top = &stack[*depth - 1];
        const tni_regex_instruction *run;
        size_t place;
        bool fits;
        if (top->pc & TNI_REGEX_TAG_RESTORE) {
            scan->slots[top->pc & ~TNI_REGEX_TAG_RESTORE] = top->at;
            --*depth;
            continue;
        }
        if (!(top->pc & TNI_REGEX_TAG_RUN)) {
            *pc = top->pc;
            *at = top->at;
            --*depth;
            return true;
        }
        run = &regex->quick.code[top->pc & ~TNI_REGEX_TAG_RUN];
        place = tni_regex_before(scan->text, top->at, top->low);
        fits = !run->looks || regex->tables[run->table][scan->text[place]];
        while (!fits && place > top->low) {
            place = tni_regex_before(scan->text, place, top->low);
            fits = regex->tables[run->table][scan->text[place]] != 0;
        }
        scan->budget -= (int64_t)((top->at - place) / 8);
        top->at = place;
        if (place <= top->low) {
            --*depth;
        }
        if (fits) {
            *pc = run->x;
            *at = place;
            return true;
        }
    }
    return false;
}

TNI_INLINE bool tni_regex_push(tni_regex_scan *scan, size_t *depth, uint32_t pc, size_t low,
                               size_t at) {
    tni_regex_choice *top;
    if (*depth == scan->matcher->capacity && !tni_regex_stack_grow(scan->matcher)) {
        return false;
    }
    top = &scan->matcher->stack[(*depth)++];
    top->pc = pc;
    top->low = (uint32_t)low;
    top->at = at;
    return true;
}

/* A match that begins at `from`? */
static tni_regex_outcome tni_regex_try(tni_regex_scan *scan, size_t from) {
    const tni_regex *regex = scan->regex;
    const tni_regex_instruction *code = regex->quick.code;
    const uint8_t *text = scan->text;
    size_t length = scan->length, at = from, depth = 0, end, low;
    uint32_t pc = regex->quick.start;
    for (;;) {
        const tni_regex_instruction *i = &code[pc];
        const tni_regex_class *set;
        bool good = false;
        if (--scan->budget < 0) {
            return TNI_REGEX_SPENT;
        }
        switch ((tni_regex_op)i->op) {
        case TNI_REGEX_OP_MATCH:
            scan->slots[0] = from;
            scan->slots[1] = at;
            return TNI_REGEX_YES;
        case TNI_REGEX_OP_STRING:
            good = length - at >= i->y && memcmp(text + at, regex->strings + i->value, i->y) == 0;
            at += i->y;
            pc = i->x;
            break;
        case TNI_REGEX_OP_SET:
            good = at < length && tni_regex_step(regex->sets[i->value], text, length, &at);
            pc = i->x;
            break;
        case TNI_REGEX_OP_RUN:
            set = regex->sets[i->value];
            end = tni_regex_run_end(set, text, length, at);
            scan->budget -= (int64_t)((end - at) / 16);
            good = end > at || i->least == 0;
            if (good && !i->final) {
                low = at + (i->least ? tni_utf8_skip(text, length, at, 1) - at : 0);
                if (end > low &&
                    !tni_regex_push(scan, &depth, pc | TNI_REGEX_TAG_RUN, low, end)) {
                    return TNI_REGEX_SPENT;
                }
            }
            at = end;
            pc = i->x;
            break;
        case TNI_REGEX_OP_SPLIT: {
            uint8_t open = i->looks && at < length ? regex->tables[i->table][text[at]] : 3;
            good = open != 0;
            if (open == 3 && !tni_regex_push(scan, &depth, i->y, 0, at)) {
                return TNI_REGEX_SPENT;
            }
            pc = open == 2 ? i->y : i->x;
            break;
        }
        case TNI_REGEX_OP_SAVE:
            good = true;
            if (depth > 0 && !tni_regex_push(scan, &depth, i->value | TNI_REGEX_TAG_RESTORE, 0,
                                             scan->slots[i->value])) {
                return TNI_REGEX_SPENT;
            }
            scan->slots[i->value] = at;
            pc = i->x;
            break;
        case TNI_REGEX_OP_ASSERT:
            good = tni_regex_holds(i->value, text, length, at);
            pc = i->x;
            break;
        default: break;
        }
        if (!good && !tni_regex_back(scan, &depth, &pc, &at)) {
            return TNI_REGEX_NO;
        }
    }
}

/* The next place at or after `from` where a match may begin; `length` + 1 when there is none. */
static size_t tni_regex_candidate(const tni_regex_scan *scan, size_t from) {
    const tni_regex *regex = scan->regex;
    if (regex->anchored) {
        return from == 0 ? 0 : scan->length + 1;
    }
    if (regex->prefix_length > 0) {
        size_t found = tni_find(scan->text + from, scan->length - from, regex->prefix,
                                regex->prefix_length);
        return found == TNI_FIND_NONE ? scan->length + 1 : from + found;
    }
    if (regex->first_known) {
        while (from < scan->length && !regex->first[scan->text[from]]) {
            from++;
        }
        return from < scan->length ? from : scan->length + 1;
    }
    return from;
}

static tni_regex_outcome tni_regex_backtrack(tni_regex_scan *scan, size_t start) {
    const tni_regex *regex = scan->regex;
    size_t at = tni_regex_candidate(scan, start), s;
    while (at <= scan->length) {
        tni_regex_outcome outcome;
        for (s = 2; s < regex->slots; s++) {
            scan->slots[s] = SIZE_MAX;
        }
        outcome = tni_regex_try(scan, at);
        if (outcome != TNI_REGEX_NO || at == scan->length || regex->anchored) {
            return outcome;
        }
        if (regex->line_anchored) { /* .* has tried all the rest of the line */
            const void *line = memchr(scan->text + at, '\n', scan->length - at);
            if (line == NULL) {
                return TNI_REGEX_NO;
            }
            at = (size_t)((const uint8_t *)line - scan->text);
        }
        at++;
        while (at < scan->length && (scan->text[at] & 0xc0) == 0x80) {
            at++;
        }
        at = tni_regex_candidate(scan, at);
    }
    return TNI_REGEX_NO;
}

/* ------------------------------------------------------------------------------ simulation --- */

typedef struct tni_regex_threads {
    uint32_t count;
    uint32_t *dense, *sparse;
    size_t *slots; /* of each instruction */
} tni_regex_threads;

typedef struct tni_regex_pending {
    uint32_t pc; /* or slot to restore, tagged */
    size_t old;
} tni_regex_pending;

typedef struct tni_regex_simulation {
    tni_regex_scan *scan;
    tni_regex_threads now, then;
    tni_regex_pending *stack;
    size_t current[2 * TNI_REGEX_GROUPS];
} tni_regex_simulation;

static bool tni_regex_simulation_memory(tni_regex_simulation *s) {
    tni_regex_matcher *m = s->scan->matcher;
    size_t n = s->scan->regex->plain.count, slots = s->scan->regex->slots, bytes;
    uint8_t *at;
    bytes = n * (2 * slots * sizeof(size_t) + 4 * sizeof(uint32_t)) +
            (3 * n + 8) * sizeof(tni_regex_pending);
    if (m->thread_bytes < bytes) {
        tni_free(m->memory, m->threads, m->thread_bytes);
        m->thread_bytes = 0;
        m->threads = (uint8_t *)tni_alloc(m->memory, bytes);
        if (m->threads == NULL) {
            m->failed = true;
            m->wanted = bytes;
            return false;
        }
        m->thread_bytes = bytes;
    }
    at = m->threads;
    s->stack = (tni_regex_pending *)(void *)at;
    at += (3 * n + 8) * sizeof(tni_regex_pending);
    s->now.slots = (size_t *)(void *)at;
    at += n * slots * sizeof(size_t);
    s->then.slots = (size_t *)(void *)at;
    at += n * slots * sizeof(size_t);
    s->now.dense = (uint32_t *)(void *)at;
    s->now.sparse = s->now.dense + n;
    s->then.dense = s->now.sparse + n;
    s->then.sparse = s->then.dense + n;
    memset(s->now.dense, 0, 4 * n * sizeof(uint32_t));
    s->now.count = s->then.count = 0;
    return true;
}

/* Add instruction `pc` and all that is reached from it without a byte, by preference. */
static void tni_regex_simulation_add(tni_regex_simulation *s, tni_regex_threads *list,
                                     uint32_t pc, size_t at) {
    const tni_regex *regex = s->scan->regex;
    uint32_t depth = 0, place;
    s->stack[depth++].pc = pc;
    while (depth > 0) {
        const tni_regex_pending *top = &s->stack[--depth];
        const tni_regex_instruction *i;
        if (top->pc & TNI_REGEX_TAG_RESTORE) {
            s->current[top->pc & ~TNI_REGEX_TAG_RESTORE] = top->old;
            continue;
        }
        pc = top->pc;
        place = list->sparse[pc];
        if (place < list->count && list->dense[place] == pc) {
            continue;
        }
        list->sparse[pc] = list->count;
        list->dense[list->count++] = pc;
        i = &regex->plain.code[pc];
        switch ((tni_regex_op)i->op) {
        case TNI_REGEX_OP_SPLIT:
            s->stack[depth++].pc = i->y;
            s->stack[depth++].pc = i->x;
            break;
        case TNI_REGEX_OP_SAVE:
            s->stack[depth].pc = i->value | TNI_REGEX_TAG_RESTORE;
            s->stack[depth++].old = s->current[i->value];
            s->current[i->value] = at;
            s->stack[depth++].pc = i->x;
            break;
        case TNI_REGEX_OP_ASSERT:
            if (tni_regex_holds(i->value, s->scan->text, s->scan->length, at)) {
                s->stack[depth++].pc = i->x;
            }
            break;
        default:
            memcpy(list->slots + (size_t)pc * regex->slots, s->current,
                   regex->slots * sizeof(size_t));
        }
    }
}

/* All threads over the codepoint at `at`; true when one matched (then lesser ones are gone). */
static bool tni_regex_simulation_step(tni_regex_simulation *s, size_t at, size_t next,
                                      uint32_t codepoint) {
    const tni_regex *regex = s->scan->regex;
    uint32_t t;
    for (t = 0; t < s->now.count; t++) {
        uint32_t pc = s->now.dense[t];
        const tni_regex_instruction *i = &regex->plain.code[pc];
        size_t *slots = s->now.slots + (size_t)pc * regex->slots;
        bool moves = false;
        if (i->op == TNI_REGEX_OP_MATCH) {
            memcpy(s->scan->slots, slots, regex->slots * sizeof(size_t));
            s->scan->slots[1] = at;
            return true;
        }
        if (at < s->scan->length) {
            moves = i->op == TNI_REGEX_OP_CHARACTER
                        ? i->value == codepoint
                        : i->op == TNI_REGEX_OP_SET &&
                              tni_regex_class_has(regex->sets[i->value], codepoint);
        }
        if (moves) {
            memcpy(s->current, slots, regex->slots * sizeof(size_t));
            tni_regex_simulation_add(s, &s->then, i->x, next);
        }
    }
    return false;
}

static tni_regex_outcome tni_regex_simulate(tni_regex_scan *scan, size_t start) {
    const tni_regex *regex = scan->regex;
    tni_regex_simulation s;
    size_t at = start, k;
    bool matched = false;
    memset(&s, 0, sizeof s);
    s.scan = scan;
    if (!tni_regex_simulation_memory(&s)) {
        return TNI_REGEX_SPENT;
    }
    for (;;) {
        tni_regex_threads swap;
        size_t next = at;
        uint32_t codepoint = 0;
        if (!matched) {
            if (s.now.count == 0) {
                at = tni_regex_candidate(scan, at);
                if (at > scan->length) {
                    return TNI_REGEX_NO;
                }
                next = at;
            }
            if (!regex->anchored || at == 0) {
                for (k = 0; k < regex->slots; k++) {
                    s.current[k] = SIZE_MAX;
                }
                s.current[0] = at;
                tni_regex_simulation_add(&s, &s.now, regex->plain.start, at);
            }
        } else if (s.now.count == 0) {
            return TNI_REGEX_YES;
        }
        if (at < scan->length) {
            codepoint = tni_utf8_next(scan->text, scan->length, &next);
        }
        s.then.count = 0;
        matched = tni_regex_simulation_step(&s, at, next, codepoint) || matched;
        swap = s.now;
        s.now = s.then;
        s.then = swap;
        if (at >= scan->length) {
            return matched ? TNI_REGEX_YES : TNI_REGEX_NO;
        }
        at = next;
    }
}

/* -------------------------------------------------------------------------------- entrance --- */

TNI_FN bool tni_regex_match(tni_regex_matcher *matcher, const tni_regex *regex,
                            const uint8_t *text, size_t length, size_t start, size_t *slots) {
    tni_regex_scan scan;
    tni_regex_outcome outcome = TNI_REGEX_SPENT;
    if (regex->literal) {
        size_t found = tni_find(text + start, length - start, regex->prefix,
                                regex->prefix_length);
        slots[0] = start + found;
        slots[1] = slots[0] + regex->prefix_length;
        return found != TNI_FIND_NONE;
    }
    if (regex->needed_length > 0 && tni_find(text + start, length - start, regex->needed,
                                             regex->needed_length) == TNI_FIND_NONE) {
        return false;
    }
    scan.matcher = matcher;
    scan.regex = regex;
    scan.text = text;
    scan.length = length;
    scan.slots = slots;
    scan.budget = 4096 + 32 * (int64_t)(length - start);
    if (!regex->quick_only_plain) {
        outcome = tni_regex_backtrack(&scan, start);
    }
    if (outcome == TNI_REGEX_SPENT && !matcher->failed) {
        outcome = tni_regex_simulate(&scan, start);
    }
    return outcome == TNI_REGEX_YES;
}

#undef TNI_REGEX_TAG_RESTORE
#undef TNI_REGEX_TAG_RUN
