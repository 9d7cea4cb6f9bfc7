/*
 * regex_compile.c - the tree of a regular expression to its two programs, and what is known of
 * every match beforehand.
 *
 * A node is compiled against the instruction that follows it, from the end to the start, so no
 * address needs patching but those of loops. Repetitions are written out; the size of programs
 * and the work of making them are bounded. Analysis afterwards: by which bytes the branches of a
 * SPLIT can begin (most splits then decide without a choice to come back to), which runs never
 * need to give back what they took ([^/]+ before a /), a literal every match starts with or holds.
 *
 * Uses: base/, plan/regex_internal.h.
 */
#include "plan/regex_internal.h"

#define TNI_REGEX_CODE_MOST 20000u
#define TNI_REGEX_WORK_MOST 400000u
#define TNI_REGEX_TABLES_MOST 192u

typedef struct tni_regex_compiler {
    tni_arena *arena;
    tni_error *error;
    trueno_status status;
    tni_regex_program *program;
    uint32_t capacity;
    uint32_t work;
    bool quick;
    uint32_t groups; /* whose places are wanted */
    tni_regex *regex;
    uint32_t set_count, set_capacity;
    uint8_t *strings;
    uint32_t string_length, string_capacity;
    uint32_t table_count;
} tni_regex_compiler;

static uint32_t tni_regex_compile_stop(tni_regex_compiler *c, trueno_status status) {
    if (c->status == TRUENO_OK) {
        c->status = status == TRUENO_ERROR_LIMIT
                        ? tni_fail(c->error, status,
                                   "the regular expression is too large: its repetitions, "
                                   "written out, exceed %u steps",
                                   TNI_REGEX_CODE_MOST)
                        : tni_memory_fail(c->arena->memory, 4096, c->error);
    }
    return 0;
}

/* Twice the room for `*items` in the arena. */
static bool tni_regex_grow(tni_arena *arena, void **items, uint32_t count, uint32_t *capacity,
                           size_t size) {
    uint32_t wanted = *capacity ? *capacity * 2 : 16;
    void *room;
    if (count < *capacity) {
        return true;
    }
    room = tni_arena_alloc(arena, wanted * size);
    if (room == NULL) {
        return false;
    }
    if (count > 0) {
        memcpy(room, *items, count * size);
    }
    *items = room;
    *capacity = wanted;
    return true;
}

static uint32_t tni_regex_emit(tni_regex_compiler *c, tni_regex_op op, uint32_t x, uint32_t y,
                               uint32_t value) {
    tni_regex_program *program = c->program;
    tni_regex_instruction *i;
    void *items = program->code;
    if (c->status != TRUENO_OK) {
        return 0;
    }
    if (program->count >= TNI_REGEX_CODE_MOST) {
        return tni_regex_compile_stop(c, TRUENO_ERROR_LIMIT);
    }
    if (!tni_regex_grow(c->arena, &items, program->count, &c->capacity, sizeof *i)) {
        return tni_regex_compile_stop(c, TRUENO_ERROR_MEMORY);
    }
    program->code = (tni_regex_instruction *)items;
    i = &program->code[program->count];
    memset(i, 0, sizeof *i);
    i->op = (uint8_t)op;
    i->x = x;
    i->y = y;
    i->value = value;
    return program->count++;
}

static uint32_t tni_regex_set_index(tni_regex_compiler *c, tni_regex_class *set) {
    void *items = c->regex->sets;
    if (!tni_regex_grow(c->arena, &items, c->set_count, &c->set_capacity,
                        sizeof *c->regex->sets)) {
        return tni_regex_compile_stop(c, TRUENO_ERROR_MEMORY);
    }
    c->regex->sets = (tni_regex_class **)items;
    c->regex->sets[c->set_count] = set;
    return c->set_count++;
}

/* ----------------------------------------------------------------------------- compilation --- */

static uint32_t tni_regex_node_code(tni_regex_compiler *c, const tni_regex_node *node,
                                    uint32_t next);

static bool tni_regex_nullable(const tni_regex_node *node) {
    const tni_regex_node *child;
    switch (node->kind) {
    case TNI_REGEX_CHARACTER:
    case TNI_REGEX_SET: return false;
    case TNI_REGEX_REPEAT: return node->low == 0 || tni_regex_nullable(node->first);
    case TNI_REGEX_GROUP: return tni_regex_nullable(node->first);
    case TNI_REGEX_CONCAT:
        for (child = node->first; child != NULL; child = child->next) {
            if (!tni_regex_nullable(child)) {
                return false;
            }
        }
        return true;
    case TNI_REGEX_CHOICE:
        for (child = node->first; child != NULL; child = child->next) {
            if (tni_regex_nullable(child)) {
                return true;
            }
        }
        return false;
    default: return true;
    }
}

/* The characters from `node` on, up to the first child that is none, as one STRING. */
static uint32_t tni_regex_string_code(tni_regex_compiler *c, const tni_regex_node *node,
                                      const tni_regex_node *end, uint32_t next) {
    uint32_t from = c->string_length;
    for (; node != end && c->status == TRUENO_OK; node = node->next) {
        uint8_t bytes[4];
        size_t n = tni_utf8_put(node->value, bytes), k;
        for (k = 0; k < n; k++) {
            void *items = c->strings;
            if (!tni_regex_grow(c->arena, &items, c->string_length, &c->string_capacity, 1)) {
                return tni_regex_compile_stop(c, TRUENO_ERROR_MEMORY);
            }
            c->strings = (uint8_t *)items;
            c->strings[c->string_length++] = bytes[k];
        }
    }
    return tni_regex_emit(c, TNI_REGEX_OP_STRING, next, c->string_length - from, from);
}

/* Children from the last to the first; they are linked the other way round. */
static uint32_t tni_regex_concat_code(tni_regex_compiler *c, const tni_regex_node *node,
                                      uint32_t next) {
    const tni_regex_node **children, *child;
    uint32_t count = 0, i;
    for (child = node->first; child != NULL; child = child->next) {
        count++;
    }
    children = (const tni_regex_node **)tni_arena_alloc(c->arena, (size_t)count * sizeof *children);
    if (children == NULL) {
        return count == 0 ? next : tni_regex_compile_stop(c, TRUENO_ERROR_MEMORY);
    }
    for (child = node->first, i = 0; child != NULL; child = child->next) {
        children[i++] = child;
    }
    while (i > 0 && c->status == TRUENO_OK) {
        const tni_regex_node *end = children[i - 1]->next;
        if (!c->quick || children[i - 1]->kind != TNI_REGEX_CHARACTER) {
            next = tni_regex_node_code(c, children[--i], next);
            continue;
        }
        while (i > 0 && children[i - 1]->kind == TNI_REGEX_CHARACTER) {
            i--;
        }
        next = tni_regex_string_code(c, children[i], end, next);
    }
    return next;
}

static uint32_t tni_regex_choice_code(tni_regex_compiler *c, const tni_regex_node *node,
                                      uint32_t next) {
    const tni_regex_node *child = node->first;
    uint32_t split = tni_regex_emit(c, TNI_REGEX_OP_SPLIT, 0, 0, 0), first = split, at;
    for (; child != NULL && c->status == TRUENO_OK; child = child->next) {
        at = tni_regex_node_code(c, child, next);
        if (c->status != TRUENO_OK) {
            break;
        }
        c->program->code[split].x = at;
        if (child->next != NULL && child->next->next == NULL) {
            at = tni_regex_node_code(c, child->next, next);
            if (c->status == TRUENO_OK) {
                c->program->code[split].y = at;
            }
            break;
        }
        at = tni_regex_emit(c, TNI_REGEX_OP_SPLIT, 0, 0, 0);
        c->program->code[split].y = at;
        split = at;
    }
    return first;
}

/* x* (least 0) or x+ (least 1) as a loop. */
static uint32_t tni_regex_loop_code(tni_regex_compiler *c, const tni_regex_node *node,
                                    uint32_t least, uint32_t next) {
    const tni_regex_node *child = node->first;
    uint32_t split, body;
    bool nullable = tni_regex_nullable(child);
    if (c->quick && node->greedy && child->kind == TNI_REGEX_SET && child->set->simple) {
        split = tni_regex_emit(c, TNI_REGEX_OP_RUN, next, 0, tni_regex_set_index(c, child->set));
        if (c->status == TRUENO_OK) {
            c->program->code[split].least = (uint8_t)least;
        }
        return split;
    }
    if (nullable) {
        c->regex->quick_only_plain = true;
    }
    split = tni_regex_emit(c, TNI_REGEX_OP_SPLIT, next, next, 0);
    body = tni_regex_node_code(c, child, split);
    if (c->status != TRUENO_OK) {
        return 0;
    }
    if (node->greedy) {
        c->program->code[split].x = body;
    } else {
        c->program->code[split].y = body;
    }
    if (least > 0) {
        return body;
    }
    if (nullable) { /* (x+)?: an empty x leads on before anything longer is tried */
        return node->greedy ? tni_regex_emit(c, TNI_REGEX_OP_SPLIT, body, next, 0)
                            : tni_regex_emit(c, TNI_REGEX_OP_SPLIT, next, body, 0);
    }
    return split;
}

static uint32_t tni_regex_repeat_code(tni_regex_compiler *c, const tni_regex_node *node,
                                      uint32_t next) {
    uint32_t copies = node->low, end = next, i;
    if (node->high == TNI_REGEX_MANY) {
        copies = node->low > 0 ? node->low - 1 : 0;
        next = tni_regex_loop_code(c, node, node->low > 0 ? 1 : 0, next);
    } else {
        for (i = node->low; i < node->high && c->status == TRUENO_OK; i++) {
            uint32_t body = tni_regex_node_code(c, node->first, next);
            next = node->greedy ? tni_regex_emit(c, TNI_REGEX_OP_SPLIT, body, end, 0)
                                : tni_regex_emit(c, TNI_REGEX_OP_SPLIT, end, body, 0);
        }
    }
    for (i = 0; i < copies && c->status == TRUENO_OK; i++) {
        next = tni_regex_node_code(c, node->first, next);
    }
    return next;
}

static uint32_t tni_regex_node_code(tni_regex_compiler *c, const tni_regex_node *node,
                                    uint32_t next) {
    if (c->status != TRUENO_OK) {
        return 0;
    }
    if (++c->work > TNI_REGEX_WORK_MOST) {
        return tni_regex_compile_stop(c, TRUENO_ERROR_LIMIT);
    }
    switch (node->kind) {
    case TNI_REGEX_CHARACTER:
        return c->quick ? tni_regex_string_code(c, node, node->next, next)
                        : tni_regex_emit(c, TNI_REGEX_OP_CHARACTER, next, 0, node->value);
    case TNI_REGEX_SET:
        return tni_regex_emit(c, TNI_REGEX_OP_SET, next, 0, tni_regex_set_index(c, node->set));
    case TNI_REGEX_CONCAT: return tni_regex_concat_code(c, node, next);
    case TNI_REGEX_CHOICE: return tni_regex_choice_code(c, node, next);
    case TNI_REGEX_REPEAT: return tni_regex_repeat_code(c, node, next);
    case TNI_REGEX_GROUP:
        if (node->value >= TNI_REGEX_GROUPS || !(c->groups >> node->value & 1)) {
            return tni_regex_node_code(c, node->first, next);
        }
        next = tni_regex_emit(c, TNI_REGEX_OP_SAVE, next, 0, node->value * 2 + 1);
        next = tni_regex_node_code(c, node->first, next);
        return tni_regex_emit(c, TNI_REGEX_OP_SAVE, next, 0, node->value * 2);
    case TNI_REGEX_ASSERT:
        return tni_regex_emit(c, TNI_REGEX_OP_ASSERT, next, 0, node->value);
    default: return next;
    }
}

/* ------------------------------------------------------------------------------- analysis --- */

typedef struct tni_regex_reach {
    uint8_t bytes[256]; /* 1: something can begin with it */
    bool ends;          /* MATCH is reached without a byte */
    bool asserts;       /* through assertions other than the end of the text */
} tni_regex_reach;

static void tni_regex_reach_set(const tni_regex_class *set, uint8_t *bytes) {
    uint32_t i, c;
    for (c = 0; c < 0x80; c++) {
        bytes[c] |= set->bytes[c];
    }
    for (i = 0; i < set->count; i++) {
        uint8_t low[4], high[4];
        if (set->ranges[i].high < 0x80) {
            continue;
        }
        (void)tni_utf8_put(TNI_MAX(set->ranges[i].low, 0x80u), low);
        (void)tni_utf8_put(set->ranges[i].high, high);
        if (set->all_high) {
            low[0] = 0x80;
            high[0] = 0xff;
        }
        for (c = low[0]; c <= high[0]; c++) {
            bytes[c] = 1;
        }
    }
}

/* What can come first from instruction `pc` on. `seen` marks instructions with `mark`. */
static void tni_regex_reach_from(const tni_regex *regex, const tni_regex_program *program,
                                 uint32_t pc, uint32_t *seen, uint32_t mark, uint32_t *stack,
                                 tni_regex_reach *reach) {
    uint32_t depth = 0;
    stack[depth++] = pc;
    while (depth > 0) {
        const tni_regex_instruction *i;
        pc = stack[--depth];
        if (seen[pc] == mark) {
            continue;
        }
        seen[pc] = mark;
        i = &program->code[pc];
        switch ((tni_regex_op)i->op) {
        case TNI_REGEX_OP_MATCH: reach->ends = true; break;
        case TNI_REGEX_OP_STRING:
            reach->bytes[regex->strings[i->value]] = 1;
            break;
        case TNI_REGEX_OP_SET: tni_regex_reach_set(regex->sets[i->value], reach->bytes); break;
        case TNI_REGEX_OP_RUN:
            tni_regex_reach_set(regex->sets[i->value], reach->bytes);
            if (i->least == 0) {
                stack[depth++] = i->x;
            }
            break;
        case TNI_REGEX_OP_SPLIT:
            stack[depth++] = i->y;
            stack[depth++] = i->x;
            break;
        case TNI_REGEX_OP_ASSERT:
            reach->asserts = reach->asserts || i->value != TNI_REGEX_TEXT_END;
            stack[depth++] = i->x;
            break;
        case TNI_REGEX_OP_SAVE: stack[depth++] = i->x; break;
        default: break;
        }
    }
}

typedef struct tni_regex_analysis {
    uint32_t *seen, *stack;
    uint32_t mark;
} tni_regex_analysis;

static void tni_regex_reach_at(tni_regex_compiler *c, tni_regex_analysis *a, uint32_t pc,
                               tni_regex_reach *reach) {
    memset(reach, 0, sizeof *reach);
    tni_regex_reach_from(c->regex, &c->regex->quick, pc, a->seen, ++a->mark, a->stack, reach);
}

/* A byte table for SPLIT and RUN instructions, as long as there is room. */
static uint8_t *tni_regex_table(tni_regex_compiler *c, tni_regex_instruction *i) {
    if (c->table_count == TNI_REGEX_TABLES_MOST) {
        return NULL;
    }
    i->table = c->table_count++;
    i->looks = true;
    return c->regex->tables[i->table];
}

static void tni_regex_analyse_split(tni_regex_compiler *c, tni_regex_analysis *a,
                                    tni_regex_instruction *i) {
    tni_regex_reach x, y;
    uint8_t *table;
    uint32_t b;
    tni_regex_reach_at(c, a, i->x, &x);
    tni_regex_reach_at(c, a, i->y, &y);
    if (x.ends && y.ends) {
        return;
    }
    table = tni_regex_table(c, i);
    for (b = 0; table != NULL && b < 256; b++) {
        table[b] = (uint8_t)((x.ends || x.bytes[b] ? 1 : 0) | (y.ends || y.bytes[b] ? 2 : 0));
    }
}

/* Where what follows cannot begin with a byte of the set, the longest run is the only one that
 * can lead on; what may come after is the end of the text, or nothing at all. */
static void tni_regex_analyse_run(tni_regex_compiler *c, tni_regex_analysis *a,
                                  tni_regex_instruction *i) {
    const tni_regex_class *set = c->regex->sets[i->value];
    tni_regex_reach reach;
    uint8_t *table;
    uint32_t b;
    bool apart = true;
    tni_regex_reach_at(c, a, i->x, &reach);
    for (b = 0; b < 256; b++) {
        apart = apart && !(set->bytes[b] && reach.bytes[b]);
    }
    i->final = apart && !reach.asserts;
    if (i->final || reach.ends) {
        return;
    }
    table = tni_regex_table(c, i);
    if (table != NULL) {
        memcpy(table, reach.bytes, sizeof reach.bytes);
    }
}

/* What begins every match: after SAVEs, which take no place. */
static void tni_regex_analyse_start(tni_regex_compiler *c, tni_regex_analysis *a) {
    tni_regex *regex = c->regex;
    uint32_t pc = regex->quick.start;
    const tni_regex_instruction *i;
    tni_regex_reach reach;
    while (regex->quick.code[pc].op == TNI_REGEX_OP_SAVE) {
        pc = regex->quick.code[pc].x;
    }
    i = &regex->quick.code[pc];
    tni_regex_reach_at(c, a, pc, &reach);
    regex->first_known = !reach.ends;
    memcpy(regex->first, reach.bytes, sizeof regex->first);
    if (i->op == TNI_REGEX_OP_STRING) {
        regex->prefix = regex->strings + i->value;
        regex->prefix_length = i->y;
        regex->literal = pc == regex->quick.start &&
                         regex->quick.code[i->x].op == TNI_REGEX_OP_MATCH;
    } else if (i->op == TNI_REGEX_OP_ASSERT && i->value == TNI_REGEX_TEXT_START) {
        regex->anchored = true;
    } else if (i->op == TNI_REGEX_OP_RUN) {
        const tni_regex_class *set = regex->sets[i->value];
        regex->line_anchored = (set->one_stop && set->stop == '\n') ||
                               (set->all_high && set->count == 1 && set->ranges[0].low == 0);
    }
}

/* The longest literal that stands in every match of `node`. */
static void tni_regex_find_needed(const tni_regex_node *node, const tni_regex_node **best,
                                  uint32_t *best_count) {
    const tni_regex_node *child, *from = NULL;
    uint32_t count = 0;
    switch (node->kind) {
    case TNI_REGEX_GROUP: tni_regex_find_needed(node->first, best, best_count); return;
    case TNI_REGEX_REPEAT:
        if (node->low > 0) {
            tni_regex_find_needed(node->first, best, best_count);
        }
        return;
    case TNI_REGEX_CHARACTER: /* alone, below a GROUP or REPEAT */
        if (*best_count == 0) {
            *best = node;
            *best_count = 1;
        }
        return;
    case TNI_REGEX_CONCAT: break;
    default: return;
    }
    for (child = node->first; child != NULL; child = child->next) {
        if (child->kind != TNI_REGEX_CHARACTER) {
            count = 0;
            tni_regex_find_needed(child, best, best_count);
            continue;
        }
        if (count++ == 0) {
            from = child;
        }
        if (count > *best_count) {
            *best = from;
            *best_count = count;
        }
    }
}

static void tni_regex_analyse_needed(tni_regex_compiler *c, const tni_regex_node *root) {
    const tni_regex_node *node = NULL;
    uint32_t count = 0, i;
    uint8_t *bytes;
    size_t length = 0;
    tni_regex_find_needed(root, &node, &count);
    bytes = (uint8_t *)tni_arena_bytes(c->arena, (size_t)count * 4);
    if (bytes == NULL) {
        (void)tni_regex_compile_stop(c, TRUENO_ERROR_MEMORY);
        return;
    }
    for (i = 0; i < count; i++, node = node->next) {
        length += tni_utf8_put(node->value, bytes + length);
    }
    if (length > 0 && !(c->regex->prefix_length >= length &&
                        memcmp(c->regex->prefix, bytes, length) == 0)) {
        c->regex->needed = bytes;
        c->regex->needed_length = length;
    }
}

static void tni_regex_analyse(tni_regex_compiler *c, const tni_regex_node *root) {
    tni_regex *regex = c->regex;
    uint32_t count = regex->quick.count, i;
    tni_regex_analysis a;
    regex->strings = c->strings;
    memset(&a, 0, sizeof a);
    a.seen = (uint32_t *)tni_arena_alloc(c->arena, (size_t)count * sizeof *a.seen);
    a.stack = (uint32_t *)tni_arena_alloc(c->arena, ((size_t)count * 2 + 2) * sizeof *a.stack);
    regex->tables = (uint8_t(*)[256])tni_arena_alloc(
        c->arena, (size_t)TNI_MIN(count, TNI_REGEX_TABLES_MOST) * 256);
    if (a.seen == NULL || a.stack == NULL || regex->tables == NULL) {
        (void)tni_regex_compile_stop(c, TRUENO_ERROR_MEMORY);
        return;
    }
    for (i = 0; i < count && c->table_count < TNI_REGEX_TABLES_MOST; i++) {
        if (regex->quick.code[i].op == TNI_REGEX_OP_SPLIT) {
            tni_regex_analyse_split(c, &a, &regex->quick.code[i]);
        } else if (regex->quick.code[i].op == TNI_REGEX_OP_RUN) {
            tni_regex_analyse_run(c, &a, &regex->quick.code[i]);
        }
    }
    tni_regex_analyse_start(c, &a);
    tni_regex_analyse_needed(c, root);
}

/* -------------------------------------------------------------------------------- entrance --- */

/* x* at either end decides nothing when only the existence of a match is asked. */
static void tni_regex_strip(tni_regex_node *root) {
    tni_regex_node *child, *kept = NULL;
    if (root->kind != TNI_REGEX_CONCAT) {
        return;
    }
    while (root->first != NULL && root->first->kind == TNI_REGEX_REPEAT && root->first->low == 0) {
        root->first = root->first->next;
    }
    for (child = root->first; child != NULL; child = child->next) {
        if (child->kind != TNI_REGEX_REPEAT || child->low > 0) {
            kept = child;
        }
    }
    if (kept != NULL) {
        kept->next = NULL;
        root->last = kept;
    }
}

static void tni_regex_make_program(tni_regex_compiler *c, tni_regex_program *program,
                                   const tni_regex_node *root, bool quick, bool whole) {
    uint32_t next;
    c->program = program;
    c->quick = quick;
    c->capacity = 0;
    c->work = 0;
    next = tni_regex_emit(c, TNI_REGEX_OP_MATCH, 0, 0, 0);
    if (whole) {
        next = tni_regex_emit(c, TNI_REGEX_OP_ASSERT, next, 0, TNI_REGEX_TEXT_END);
    }
    next = tni_regex_node_code(c, root, next);
    if (whole) {
        next = tni_regex_emit(c, TNI_REGEX_OP_ASSERT, next, 0, TNI_REGEX_TEXT_START);
    }
    program->start = next;
}

TNI_FN trueno_status tni_regex_compile(tni_arena *arena, const uint8_t *pattern, size_t length,
                                       uint32_t flags, uint32_t groups, const tni_regex **out,
                                       tni_error *error) {
    bool whole = (flags & TNI_REGEX_WHOLE) != 0;
    tni_regex_parsed parsed;
    tni_regex_compiler c;
    uint32_t g;
    *out = NULL;
    TNI_TRY(tni_regex_parse(arena, pattern, length, flags, &parsed, error));
    memset(&c, 0, sizeof c);
    c.arena = arena;
    c.error = error;
    c.groups = (flags & TNI_REGEX_TEST) != 0 ? 0 : groups;
    c.regex = (tni_regex *)tni_arena_alloc(arena, sizeof *c.regex);
    if (c.regex == NULL) {
        return tni_memory_fail(arena->memory, sizeof *c.regex, error);
    }
    c.regex->group_count = parsed.group_count;
    c.regex->slots = 2;
    for (g = 1; g < TNI_REGEX_GROUPS && g <= parsed.group_count; g++) {
        if (c.groups >> g & 1) {
            c.regex->slots = 2 * g + 2;
        }
    }
    if ((flags & TNI_REGEX_TEST) != 0 && !whole) {
        tni_regex_strip(parsed.root);
    }
    tni_regex_make_program(&c, &c.regex->quick, parsed.root, true, whole);
    tni_regex_make_program(&c, &c.regex->plain, parsed.root, false, whole);
    if (c.status == TRUENO_OK) {
        tni_regex_analyse(&c, parsed.root);
    }
    if (c.status == TRUENO_OK) {
        *out = c.regex;
    }
    return c.status;
}

TNI_FN uint32_t tni_regex_group_count(const tni_regex *regex) {
    return regex->group_count;
}

#undef TNI_REGEX_CODE_MOST
#undef TNI_REGEX_WORK_MOST
#undef TNI_REGEX_TABLES_MOST
