/*
 * scalar_pattern.c - LIKE, ILIKE, GLOB, SIMILAR TO and the regexp_ functions over vectors.
 *
 * Constant patterns are compiled when the call is bound; others when a row's pattern differs
 * from the row's before. Errors in such patterns are raised by rows that count alone. Results
 * that are a part of the text point into it.
 *
 * Uses: base/, column/type.h, plan/function.h, plan/like.h, plan/regex.h.
 */
#include "plan/like.h"
#include "plan/regex.h"
#include "plan/scalar_internal.h"
#include "plan/text_find.h"

#define TNI_PATTERN_KEEP (UINT32_C(1) << 18) /* bytes of compiled patterns before starting over */

/* What binding found out. */
typedef struct tni_pattern_bound {
    bool known;              /* like, or regex, is compiled */
    tni_like like;
    const tni_regex *regex;
    uint32_t flags;          /* TNI_REGEX_... */
    uint32_t groups;
    bool all;                /* regexp_replace: every match ('g') */
} tni_pattern_bound;

static trueno_status tni_pattern_bound_new(tni_bind_call *call, tni_pattern_bound **out,
                                           tni_error *error) {
    *out = (tni_pattern_bound *)tni_arena_alloc(call->arena, sizeof **out);
    if (*out == NULL) {
        return tni_memory_fail(call->arena->memory, sizeof **out, error);
    }
    call->bound = *out;
    return TRUENO_OK;
}

/* The pattern of the row before, compiled. */
typedef struct tni_pattern_cache {
    tni_arena arena;
    tni_string pattern, escape;
    bool valid;
    tni_like like;
    const tni_regex *regex;
} tni_pattern_cache;

static void tni_pattern_cache_init(tni_pattern_cache *cache, tni_memory *memory) {
    memset(cache, 0, sizeof *cache);
    tni_arena_init(&cache->arena, memory);
}

/* Is it another pattern than the last one? Then room is made for it. */
static bool tni_pattern_differs(tni_pattern_cache *cache, const tni_string *pattern,
                                const tni_string *escape) {
    if (cache->valid && tni_string_equal(&cache->pattern, pattern) &&
        (escape == NULL || tni_string_equal(&cache->escape, escape))) {
        return false;
    }
    if (cache->arena.total > TNI_PATTERN_KEEP) {
        tni_arena_free(&cache->arena);
    }
    cache->valid = true;
    cache->pattern = *pattern;
    if (escape != NULL) {
        cache->escape = *escape;
    }
    return true;
}

/* ------------------------------------------------------------------------------------- LIKE --- */

typedef enum tni_like_form { TNI_LIKE_CASE, TNI_LIKE_FOLD, TNI_LIKE_SHELL } tni_like_form;

static trueno_status tni_pattern_escape(const tni_string *text, uint32_t *out,
                                        tni_error *error) {
    const uint8_t *data = tni_string_data(text);
    size_t at = 0;
    *out = 0;
    if (text->length == 0) {
        return TRUENO_OK;
    }
    *out = tni_utf8_next(data, text->length, &at);
    return at == text->length
               ? TRUENO_OK
               : tni_fail(error, TRUENO_ERROR_INVALID,
                          "the escape of LIKE must be empty or one character");
}

static trueno_status tni_pattern_like_compile(tni_arena *arena, const tni_string *pattern,
                                              const tni_string *escape, tni_like_form form,
                                              tni_like *out, tni_error *error) {
    uint32_t c = 0;
    if (form == TNI_LIKE_SHELL) {
        return tni_glob_compile(arena, tni_string_data(pattern), pattern->length, out, error);
    }
    if (escape != NULL) {
        TNI_TRY(tni_pattern_escape(escape, &c, error));
    }
    return tni_like_compile(arena, tni_string_data(pattern), pattern->length, c,
                            form == TNI_LIKE_FOLD, out, error);
}

static tni_like_form tni_like_form_of(const char *name) {
    return tni_name_equal(name, "glob") ? TNI_LIKE_SHELL
           : name[0] == 'i' || name[0] == 'I' ? TNI_LIKE_FOLD
                                              : TNI_LIKE_CASE;
}

static trueno_status tni_bind_pattern_like(tni_bind_call *call, tni_error *error) {
    const tni_string *pattern = tni_scalar_constant_text(call, 1);
    const tni_string *escape = tni_scalar_constant_text(call, 2);
    tni_pattern_bound *bound;
    call->result = tni_type_make(TRUENO_TYPE_BOOLEAN);
    if (pattern == NULL || (call->count > 2 && escape == NULL)) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_pattern_bound_new(call, &bound, error));
    if (tni_pattern_like_compile(call->arena, pattern, escape, tni_like_form_of(call->name),
                                 &bound->like, NULL) != TRUENO_OK) {
        call->bound = NULL; /* an error of the rows that get there */
        return TRUENO_OK;
    }
    bound->known = true;
    return TRUENO_OK;
}

/* The shapes with one literal, in loops without a choice inside. */
static bool tni_like_rows(tni_call *call, const tni_like *like) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    uint8_t *out = (uint8_t *)call->out;
    const uint8_t *text = like->text;
    size_t n = like->length;
    tni_rows rows = tni_rows_of(call);
    uint32_t i, head = 0, have;
    if (like->fold || n == 0) {
        return false;
    }
    memcpy(&head, text, TNI_MIN(n, 4));
    switch (like->kind) {
    case TNI_LIKE_PREFIX:
        for (i = 0; i < call->rows; i++) {
            const tni_string *t = &s.data[i * s.step];
            memcpy(&have, t->bytes, 4);
            out[i] = n >= 4 ? have == head && t->length >= n &&
                                  memcmp(tni_string_data(t) + 4, text + 4, n - 4) == 0
                            : t->length >= n && memcmp(t->bytes, text, n) == 0;
        }
        return true;
    case TNI_LIKE_SUFFIX:
        for (i = 0; i < call->rows; i++) {
            const tni_string *t = &s.data[i * s.step];
            out[i] = t->length >= n &&
                     memcmp(tni_string_data(t) + (t->length - n), text, n) == 0;
        }
        return true;
    case TNI_LIKE_INFIX:
        tni_scalar_clear(call);
        while (tni_rows_next(&rows, &i)) {
            const tni_string *t = &s.data[i * s.step];
            out[i] = t->length >= n &&
                     tni_find(tni_string_data(t), t->length, text, n) != TNI_FIND_NONE;
        }
        return true;
    default: return false;
    }
}

static trueno_status tni_like_eval(tni_call *call, tni_like_form form) {
    const tni_pattern_bound *bound = (const tni_pattern_bound *)call->bound;
    const tni_like *like = bound != NULL ? &bound->like : NULL;
    tni_scalar_strings s = tni_scalar_strings_of(call, 0), p = tni_scalar_strings_of(call, 1), e;
    tni_rows rows = tni_rows_of(call);
    trueno_status status = TRUENO_OK;
    tni_pattern_cache cache;
    tni_text scratch;
    uint32_t i;
    if (like != NULL && tni_like_rows(call, like)) {
        return TRUENO_OK;
    }
    memset(&e, 0, sizeof e);
    if (call->count > 2) {
        e = tni_scalar_strings_of(call, 2);
    }
    tni_pattern_cache_init(&cache, call->env->memory);
    tni_text_init(&scratch, call->env->memory);
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step];
        if (bound == NULL) {
            const tni_string *pattern = &p.data[i * p.step];
            const tni_string *escape = e.data != NULL ? &e.data[i * e.step] : NULL;
            if (tni_pattern_differs(&cache, pattern, escape)) {
                status = tni_pattern_like_compile(&cache.arena, pattern, escape, form,
                                                  &cache.like, call->error);
                if (status != TRUENO_OK) {
                    break;
                }
            }
            like = &cache.like;
        }
        ((uint8_t *)call->out)[i] =
            tni_like_match(like, tni_string_data(text), text->length, &scratch);
    }
    if (scratch.failed) {
        status = tni_scalar_text_failed(call, &scratch);
    }
    tni_text_free(&scratch);
    tni_arena_free(&cache.arena);
    return status;
}

static trueno_status tni_eval_like(tni_call *call) {
    return tni_like_eval(call, TNI_LIKE_CASE);
}
static trueno_status tni_eval_ilike(tni_call *call) {
    return tni_like_eval(call, TNI_LIKE_FOLD);
}
static trueno_status tni_eval_glob(tni_call *call) {
    return tni_like_eval(call, TNI_LIKE_SHELL);
}

/* ----------------------------------------------------------------------- binding of regexps --- */

/* The options of argument `index`, when the call has it: a constant. */
static trueno_status tni_regexp_options(tni_bind_call *call, uint32_t index, bool replace,
                                        tni_pattern_bound *bound, tni_error *error) {
    const tni_string *text = tni_scalar_constant_text(call, index);
    const uint8_t *data;
    uint32_t i;
    if (index >= call->count) {
        return TRUENO_OK;
    }
    if (text == NULL) {
        return tni_fail_at(error, TRUENO_ERROR_UNSUPPORTED, call->position,
                           "the options of %s must be a constant text, not NULL", call->name);
    }
    data = tni_string_data(text);
    for (i = 0; i < text->length; i++) {
        switch (data[i]) {
        case 'c': bound->flags &= ~(uint32_t)TNI_REGEX_FOLD; break;
        case 'i': bound->flags |= TNI_REGEX_FOLD; break;
        case 'l': bound->flags |= TNI_REGEX_LITERAL; break;
        case 'm':
        case 'n':
        case 'p': bound->flags &= ~(uint32_t)TNI_REGEX_DOT_NEWLINE; break;
        case 's': bound->flags |= TNI_REGEX_DOT_NEWLINE; break;
        case ' ':
        case '\t':
        case '\n': break;
        case 'g':
            if (!replace) {
                return tni_fail_at(error, TRUENO_ERROR_INVALID, call->position,
                                   "option 'g' (every match) is for regexp_replace alone");
            }
            bound->all = true;
            break;
        default:
            return tni_fail_at(error, TRUENO_ERROR_INVALID, call->position,
                               "unknown option '%c' of %s: there are c i l m n p s%s", data[i],
                               call->name, replace ? " g" : "");
        }
    }
    return TRUENO_OK;
}

/* Compile argument 1 if it is constant. A bad pattern is an error at once. */
static trueno_status tni_regexp_prepare(tni_bind_call *call, tni_pattern_bound *bound,
                                        tni_error *error) {
    const tni_string *pattern = tni_scalar_constant_text(call, 1);
    trueno_status status;
    if (pattern == NULL) {
        return TRUENO_OK;
    }
    status = tni_regex_compile(call->arena, tni_string_data(pattern), pattern->length,
                               bound->flags, bound->groups, &bound->regex, error);
    if (status != TRUENO_OK && error != NULL) {
        error->position = call->position;
    }
    bound->known = status == TRUENO_OK;
    return status;
}

static trueno_status tni_bind_regexp_test(tni_bind_call *call, tni_error *error) {
    bool whole = !tni_name_equal(call->name, "regexp_matches");
    tni_pattern_bound *bound;
    call->result = tni_type_make(TRUENO_TYPE_BOOLEAN);
    TNI_TRY(tni_pattern_bound_new(call, &bound, error));
    bound->flags = TNI_REGEX_TEST | (whole ? (uint32_t)TNI_REGEX_WHOLE : 0u);
    if (tni_name_equal(call->name, "similar_to") && call->count > 2) {
        return tni_fail_at(error, TRUENO_ERROR_UNSUPPORTED, call->position,
                           "SIMILAR TO with ESCAPE is not supported");
    }
    TNI_TRY(tni_regexp_options(call, 2, false, bound, error));
    return tni_regexp_prepare(call, bound, error);
}

static trueno_status tni_regexp_check_group(int64_t group, tni_error *error) {
    return group >= 0 && group < (int64_t)TNI_REGEX_GROUPS
               ? TRUENO_OK
               : tni_fail(error, TRUENO_ERROR_INVALID,
                          "the group of regexp_extract is 0 to 9, not %lld", (long long)group);
}

/* regexp_extract(text, pattern[, group][, options]) */
static trueno_status tni_bind_regexp_extract(tni_bind_call *call, tni_error *error) {
    bool grouped = call->count > 2 && call->types[2].id != TRUENO_TYPE_VARCHAR;
    const tni_value *group = grouped ? call->constants[2] : NULL;
    tni_pattern_bound *bound;
    call->result = tni_type_make(TRUENO_TYPE_VARCHAR);
    TNI_TRY(tni_pattern_bound_new(call, &bound, error));
    TNI_TRY(tni_regexp_options(call, grouped ? 3 : 2, false, bound, error));
    bound->groups = grouped ? ~UINT32_C(0) : 1;
    if (group != NULL && !group->is_null && tni_type_is_integer(group->type)) {
        TNI_TRY(tni_regexp_check_group(group->as.integer, error));
        bound->groups = UINT32_C(1) << group->as.integer;
    }
    return tni_regexp_prepare(call, bound, error);
}

/* \0 to \9 and \\ in a replacement; `groups` collects which. */
static trueno_status tni_regexp_check_rewrite(const tni_string *rewrite, uint32_t most,
                                              uint32_t *groups, tni_error *error) {
    const uint8_t *data = tni_string_data(rewrite);
    uint32_t i;
    *groups = 1;
    for (i = 0; i < rewrite->length; i++) {
        if (data[i] != '\\') {
            continue;
        }
        i++;
        if (i < rewrite->length && data[i] >= '0' && data[i] <= '9') {
            uint32_t group = (uint32_t)(data[i] - '0');
            if (group > most) {
                return tni_fail(error, TRUENO_ERROR_INVALID,
                                "the replacement uses group %u, the regular expression has %u",
                                group, most);
            }
            *groups |= UINT32_C(1) << group;
        } else if (i >= rewrite->length || data[i] != '\\') {
            return tni_fail(error, TRUENO_ERROR_INVALID,
                            "in a replacement a backslash is followed by a digit or another "
                            "backslash");
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_bind_regexp_replace(tni_bind_call *call, tni_error *error) {
    const tni_string *rewrite = tni_scalar_constant_text(call, 2);
    tni_pattern_bound *bound;
    uint32_t groups;
    call->result = tni_type_make(TRUENO_TYPE_VARCHAR);
    TNI_TRY(tni_pattern_bound_new(call, &bound, error));
    TNI_TRY(tni_regexp_options(call, 3, true, bound, error));
    bound->groups = ~UINT32_C(0);
    if (rewrite != NULL) {
        TNI_TRY(tni_regexp_check_rewrite(rewrite, TNI_REGEX_GROUPS, &bound->groups, error));
    }
    TNI_TRY(tni_regexp_prepare(call, bound, error));
    if (bound->known && rewrite != NULL) {
        return tni_regexp_check_rewrite(rewrite, tni_regex_group_count(bound->regex), &groups,
                                        error);
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------- regexp by row --- */

typedef struct tni_regexp_rows {
    tni_call *call;
    const tni_pattern_bound *bound;
    tni_scalar_strings text, pattern;
    tni_pattern_cache cache;
    tni_regex_matcher matcher;
    size_t slots[2 * TNI_REGEX_GROUPS];
} tni_regexp_rows;

static void tni_regexp_begin(tni_regexp_rows *r, tni_call *call) {
    r->call = call;
    r->bound = (const tni_pattern_bound *)call->bound;
    r->text = tni_scalar_strings_of(call, 0);
    r->pattern = tni_scalar_strings_of(call, 1);
    tni_pattern_cache_init(&r->cache, call->env->memory);
    tni_regex_matcher_init(&r->matcher, call->env->memory);
    tni_scalar_clear(call);
}

static trueno_status tni_regexp_end(tni_regexp_rows *r, trueno_status status) {
    if (status == TRUENO_OK && r->matcher.failed) {
        status = tni_memory_fail(r->call->env->memory, r->matcher.wanted, r->call->error);
    }
    tni_regex_matcher_free(&r->matcher);
    tni_arena_free(&r->cache.arena);
    return status;
}

/* The regular expression of row i. */
static trueno_status tni_regexp_of_row(tni_regexp_rows *r, uint32_t i, const tni_regex **out) {
    const tni_string *pattern;
    if (r->bound->known) {
        *out = r->bound->regex;
        return TRUENO_OK;
    }
    pattern = &r->pattern.data[i * r->pattern.step];
    if (tni_pattern_differs(&r->cache, pattern, NULL)) {
        TNI_TRY(tni_regex_compile(&r->cache.arena, tni_string_data(pattern), pattern->length,
                                  r->bound->flags, r->bound->groups, &r->cache.regex,
                                  r->call->error));
    }
    *out = r->cache.regex;
    return TRUENO_OK;
}

static trueno_status tni_eval_regexp_test(tni_call *call) {
    tni_rows rows = tni_rows_of(call);
    trueno_status status = TRUENO_OK;
    tni_regexp_rows r;
    uint32_t i;
    tni_regexp_begin(&r, call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &r.text.data[i * r.text.step];
        const tni_regex *regex;
        status = tni_regexp_of_row(&r, i, &regex);
        if (status != TRUENO_OK || r.matcher.failed) {
            break;
        }
        ((uint8_t *)call->out)[i] = tni_regex_match(&r.matcher, regex, tni_string_data(text),
                                                    text->length, 0, r.slots);
    }
    return tni_regexp_end(&r, status);
}

static trueno_status tni_eval_regexp_extract(tni_call *call) {
    bool grouped = call->count > 2 && call->arguments[2].type.id != TRUENO_TYPE_VARCHAR;
    const int64_t *groups = grouped ? (const int64_t *)tni_scalar_data(call, 2) : NULL;
    size_t step = grouped ? tni_scalar_step(call, 2) : 0;
    tni_string *out = (tni_string *)call->out;
    tni_rows rows = tni_rows_of(call);
    trueno_status status = TRUENO_OK;
    tni_regexp_rows r;
    uint32_t i;
    tni_regexp_begin(&r, call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &r.text.data[i * r.text.step];
        const uint8_t *data = tni_string_data(text);
        int64_t group = groups != NULL ? groups[i * step] : 0;
        const tni_regex *regex;
        status = tni_regexp_check_group(group, call->error);
        if (status == TRUENO_OK) {
            status = tni_regexp_of_row(&r, i, &regex);
        }
        if (status != TRUENO_OK || r.matcher.failed) {
            break;
        }
        if (group <= (int64_t)tni_regex_group_count(regex) &&
            tni_regex_match(&r.matcher, regex, data, text->length, 0, r.slots) &&
            r.slots[2 * group] != SIZE_MAX && r.slots[2 * group + 1] != SIZE_MAX) {
            size_t from = r.slots[2 * group];
            out[i] = tni_string_make(data + from, r.slots[2 * group + 1] - from);
        }
    }
    return tni_regexp_end(&r, status);
}

/* The replacement with the groups of the match at hand in it. */
static void tni_regexp_rewrite(const tni_regexp_rows *r, const uint8_t *text,
                               const tni_string *rewrite, tni_text *out) {
    const uint8_t *data = tni_string_data(rewrite);
    size_t i = 0, length = rewrite->length;
    while (i < length) {
        const void *mark = memchr(data + i, '\\', length - i);
        size_t end = mark != NULL ? (size_t)((const uint8_t *)mark - data) : length;
        tni_text_append(out, data + i, end - i);
        i = end + 2;
        if (end + 1 >= length) {
            return;
        }
        if (data[end + 1] == '\\') {
            tni_text_char(out, '\\');
        } else {
            size_t group = (size_t)(data[end + 1] - '0');
            size_t from = r->slots[2 * group], to = r->slots[2 * group + 1];
            if (from != SIZE_MAX && to != SIZE_MAX) {
                tni_text_append(out, text + from, to - from);
            }
        }
    }
}

/* One group alone as the replacement of the whole text: a part of it. */
static bool tni_regexp_is_part(const tni_regexp_rows *r, const tni_string *text,
                               const tni_string *rewrite, tni_string *out) {
    const uint8_t *data = tni_string_data(rewrite);
    size_t group;
    if (rewrite->length != 2 || data[0] != '\\' || data[1] == '\\' || r->slots[0] != 0 ||
        r->slots[1] != text->length) {
        return false;
    }
    group = (size_t)(data[1] - '0');
    if (r->slots[2 * group] == SIZE_MAX || r->slots[2 * group + 1] == SIZE_MAX) {
        return false;
    }
    *out = tni_string_make(tni_string_data(text) + r->slots[2 * group],
                           r->slots[2 * group + 1] - r->slots[2 * group]);
    return true;
}

/* One row: the first match, or every match, replaced. An empty match right after another one
 * does not count. */
static trueno_status tni_regexp_replace_row(tni_regexp_rows *r, const tni_regex *regex,
                                            uint32_t row, const tni_string *rewrite,
                                            tni_text *out) {
    const tni_string *text = &r->text.data[row * r->text.step];
    const uint8_t *data = tni_string_data(text);
    size_t length = text->length, at = 0, copied = 0, last = SIZE_MAX;
    tni_string *result = (tni_string *)r->call->out + row;
    bool any = false;
    tni_text_clear(out);
    while (at <= length && tni_regex_match(&r->matcher, regex, data, length, at, r->slots)) {
        size_t from = r->slots[0], to = r->slots[1];
        if (from == last && to == last) {
            at = from < length ? tni_utf8_skip(data, length, from, 1) : length + 1;
            last = SIZE_MAX;
            continue;
        }
        if (!any && (!r->bound->all || from == 0) &&
            tni_regexp_is_part(r, text, rewrite, result) && !r->bound->all) {
            return TRUENO_OK;
        }
        any = true;
        tni_text_append(out, data + copied, from - copied);
        tni_regexp_rewrite(r, data, rewrite, out);
        copied = at = last = to;
        if (!r->bound->all) {
            break;
        }
    }
    if (!any) {
        *result = *text;
        return TRUENO_OK;
    }
    tni_text_append(out, data + copied, length - copied);
    if (out->failed) {
        return tni_scalar_text_failed(r->call, out);
    }
    return tni_scalar_put(r->call, row, out->data, out->length);
}

static trueno_status tni_eval_regexp_replace(tni_call *call) {
    tni_scalar_strings rewrites = tni_scalar_strings_of(call, 2);
    tni_rows rows = tni_rows_of(call);
    trueno_status status = TRUENO_OK;
    tni_regexp_rows r;
    tni_text text;
    const tni_regex *checked = NULL;
    uint32_t i, groups;
    tni_regexp_begin(&r, call);
    tni_text_init(&text, call->env->memory);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *rewrite = &rewrites.data[i * rewrites.step];
        const tni_regex *regex;
        status = tni_regexp_of_row(&r, i, &regex);
        if (status == TRUENO_OK && (checked != regex || rewrites.step > 0 || !r.bound->known)) {
            checked = regex;
            status = tni_regexp_check_rewrite(rewrite, tni_regex_group_count(regex), &groups,
                                              call->error);
        }
        if (status == TRUENO_OK) {
            status = tni_regexp_replace_row(&r, regex, i, rewrite, &text);
        }
        if (status != TRUENO_OK || r.matcher.failed) {
            break;
        }
    }
    tni_text_free(&text);
    return tni_regexp_end(&r, status);
}

/* A text as a regular expression that matches it: a backslash before what is no word character. */
static trueno_status tni_eval_regexp_escape(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i, k;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step];
        const uint8_t *data = tni_string_data(text);
        tni_string *out = (tni_string *)call->out + i;
        size_t length = text->length;
        uint8_t *room;
        for (k = 0; k < text->length; k++) {
            bool plain = data[k] >= 0x80 || data[k] == '_' || (data[k] >= '0' && data[k] <= '9') ||
                         ((data[k] | 0x20) >= 'a' && (data[k] | 0x20) <= 'z');
            length += plain ? 0 : data[k] == 0 ? 3 : 1;
        }
        room = tni_scalar_room(call, out, length);
        if (room == NULL) {
            return tni_scalar_failed(call);
        }
        for (k = 0; k < text->length; k++) {
            bool plain = data[k] >= 0x80 || data[k] == '_' || (data[k] >= '0' && data[k] <= '9') ||
                         ((data[k] | 0x20) >= 'a' && (data[k] | 0x20) <= 'z');
            if (data[k] == 0) {
                memcpy(room, "\\x00", 4);
                room += 4;
                continue;
            }
            if (!plain) {
                *room++ = '\\';
            }
            *room++ = data[k];
        }
        tni_scalar_finish(out);
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------------ table --- */

#define TNI_PATTERN_ROW(name, pattern, bind, eval, signature, doc)                                 \
    TNI_SCALAR(name, pattern, NULL, bind, eval, TNI_FUNCTION_COSTLY, signature, doc)
#define TNI_PATTERN_HIDDEN(name, pattern, bind, eval, signature, doc)                              \
    TNI_SCALAR(name, pattern, NULL, bind, eval, TNI_FUNCTION_COSTLY | TNI_FUNCTION_HIDDEN,         \
               signature, doc)

static const tni_function tni_pattern_table[] = {
    TNI_PATTERN_HIDDEN("like", "ss?s", tni_bind_pattern_like, tni_eval_like,
                       "(text, pattern[, escape])", "% is any text, _ one character"),
    TNI_PATTERN_HIDDEN("ilike", "ss?s", tni_bind_pattern_like, tni_eval_ilike,
                       "(text, pattern[, escape])", "LIKE in any case"),
    TNI_PATTERN_HIDDEN("glob", "ss", tni_bind_pattern_like, tni_eval_glob, "(text, pattern)",
                       "* is any text, ? one byte, [...] one of these"),
    TNI_PATTERN_HIDDEN("similar_to", "ss?s", tni_bind_regexp_test, tni_eval_regexp_test,
                       "(text, pattern)", "Does the regular expression match the whole text?"),
    TNI_PATTERN_ROW("like_escape", "sss", tni_bind_pattern_like, tni_eval_like,
                    "(text, pattern, escape)", "LIKE with an escape character"),
    TNI_PATTERN_ROW("ilike_escape", "sss", tni_bind_pattern_like, tni_eval_ilike,
                    "(text, pattern, escape)", "ILIKE with an escape character"),
    TNI_PATTERN_ROW("regexp_matches", "ss?s", tni_bind_regexp_test, tni_eval_regexp_test,
                    "(text, regex[, options])", "Does the regular expression match anywhere?"),
    TNI_PATTERN_ROW("regexp_full_match", "ss?s", tni_bind_regexp_test, tni_eval_regexp_test,
                    "(text, regex[, options])",
                    "Does the regular expression match the whole text?"),
    TNI_PATTERN_ROW("regexp_extract", "ss?is", tni_bind_regexp_extract, tni_eval_regexp_extract,
                    "(text, regex[, group[, options]])",
                    "What the regular expression, or one of its groups, matches first"),
    TNI_PATTERN_ROW("regexp_extract", "sss", tni_bind_regexp_extract, tni_eval_regexp_extract,
                    "(text, regex, options)", "What the regular expression matches first"),
    TNI_PATTERN_ROW("regexp_replace", "sss?s", tni_bind_regexp_replace, tni_eval_regexp_replace,
                    "(text, regex, replacement[, options])",
                    "The first match (all with 'g') replaced; \\1 is group 1"),
    TNI_SCALAR("regexp_escape", "s", "s", NULL, tni_eval_regexp_escape, 0, "(text)",
               "A regular expression that matches the text"),
    TNI_SCALAR_END,
};

#undef TNI_PATTERN_KEEP
#undef TNI_PATTERN_ROW
#undef TNI_PATTERN_HIDDEN

TNI_FN const tni_function *tni_functions_pattern(void) {
    return tni_pattern_table;
}
