/*
 * parser_window.c - OVER (...) and the WINDOW clause.
 *
 * A window is a name, or a parenthesis of an optional base window, PARTITION BY, ORDER BY and a
 * frame. A frame that starts at UNBOUNDED FOLLOWING or ends at UNBOUNDED PRECEDING is a syntax
 * error here; `1 FOLLOWING AND CURRENT ROW` is an empty frame; what depends on types is the
 * planner's. Uses the parser.
 */
#include "sql/parser_internal.h"

/* UNBOUNDED PRECEDING | UNBOUNDED FOLLOWING | CURRENT ROW | expr PRECEDING | expr FOLLOWING */
static bool tni_window_bound(tni_parser *parser, tni_ast_bound *bound,
                             tni_ast_expression **offset) {
    bool unbounded = false;
    if (tni_parser_at(parser, TNI_WORD_CURRENT) && tni_parser_next_is(parser, TNI_WORD_ROW)) {
        tni_parser_advance(parser);
        tni_parser_advance(parser);
        *bound = TNI_BOUND_CURRENT_ROW;
        return true;
    }
    if (tni_parser_at(parser, TNI_WORD_UNBOUNDED) &&
        (tni_parser_next_is(parser, TNI_WORD_PRECEDING) ||
         tni_parser_next_is(parser, TNI_WORD_FOLLOWING))) {
        tni_parser_advance(parser);
        unbounded = true;
    } else {
        *offset = tni_parser_expression(parser);
        if (*offset == NULL) {
            return false;
        }
    }
    if (tni_parser_accept(parser, TNI_WORD_PRECEDING)) {
        *bound = unbounded ? TNI_BOUND_UNBOUNDED_PRECEDING : TNI_BOUND_PRECEDING;
        return true;
    }
    if (tni_parser_accept(parser, TNI_WORD_FOLLOWING)) {
        *bound = unbounded ? TNI_BOUND_UNBOUNDED_FOLLOWING : TNI_BOUND_FOLLOWING;
        return true;
    }
    tni_parser_unexpected(parser, "PRECEDING or FOLLOWING");
    return false;
}

static bool tni_window_frame_valid(tni_parser *parser, const tni_ast_window *window,
                                   uint32_t position) {
    const char *problem = NULL;
    if (window->start == TNI_BOUND_UNBOUNDED_FOLLOWING) {
        problem = "a frame cannot start at UNBOUNDED FOLLOWING";
    } else if (window->end == TNI_BOUND_UNBOUNDED_PRECEDING) {
        problem = "a frame cannot end at UNBOUNDED PRECEDING";
    }
    if (problem != NULL && !tni_parser_failed(parser)) {
        tni_parser_stop(parser,
                        tni_fail_at(parser->error, TRUENO_ERROR_SYNTAX, position, "%s", problem));
    }
    return problem == NULL;
}

/* EXCLUDE CURRENT ROW | GROUP | TIES | NO OTHERS */
static bool tni_window_exclude(tni_parser *parser, tni_ast_window *window) {
    if (!tni_parser_accept(parser, TNI_WORD_EXCLUDE)) {
        return true;
    }
    if (tni_parser_accept(parser, TNI_WORD_CURRENT)) {
        window->exclude = 1;
        return tni_parser_expect(parser, TNI_WORD_ROW);
    }
    if (tni_parser_accept(parser, TNI_WORD_GROUP)) {
        window->exclude = 2;
        return true;
    }
    if (tni_parser_accept(parser, TNI_WORD_TIES)) {
        window->exclude = 3;
        return true;
    }
    return tni_parser_expect(parser, TNI_WORD_NO) && tni_parser_expect(parser, TNI_WORD_OTHERS);
}

/* ROWS | RANGE | GROUPS ...; the unit is current. */
static bool tni_window_frame(tni_parser *parser, tni_ast_window *window) {
    uint32_t position = parser->token.position;
    window->has_frame = true;
    window->frame_unit = tni_parser_at(parser, TNI_WORD_ROWS)    ? 0
                         : tni_parser_at(parser, TNI_WORD_RANGE) ? 1
                                                                 : 2;
    tni_parser_advance(parser);
    window->end = TNI_BOUND_CURRENT_ROW;
    if (tni_parser_accept(parser, TNI_WORD_BETWEEN)) {
        if (!tni_window_bound(parser, &window->start, &window->start_offset) ||
            !tni_parser_expect(parser, TNI_WORD_AND) ||
            !tni_window_bound(parser, &window->end, &window->end_offset)) {
            return false;
        }
    } else if (!tni_window_bound(parser, &window->start, &window->start_offset)) {
        return false;
    }
    return tni_window_exclude(parser, window) &&
           tni_window_frame_valid(parser, window, position);
}

static bool tni_window_at_frame(const tni_parser *parser) {
    return tni_parser_at(parser, TNI_WORD_ROWS) || tni_parser_at(parser, TNI_WORD_RANGE) ||
           tni_parser_at(parser, TNI_WORD_GROUPS);
}

/* A base window's name may be any name but the words that begin the next part. */
static bool tni_window_at_base(tni_parser *parser) {
    if (!tni_token_is_name(parser->token)) {
        return false;
    }
    if (tni_parser_at(parser, TNI_WORD_PARTITION)) {
        return !tni_parser_next_is(parser, TNI_WORD_BY);
    }
    return !tni_window_at_frame(parser) || tni_parser_next_is(parser, TNI_SYMBOL_RIGHT_PAREN);
}

/* ( [base] [PARTITION BY ...] [ORDER BY ...] [frame] ) */
static bool tni_window_parenthesis(tni_parser *parser, tni_ast_window *window) {
    if (!tni_parser_expect(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return false;
    }
    if (tni_window_at_base(parser)) {
        window->name = tni_parser_name(parser, NULL);
    }
    if (tni_parser_accept(parser, TNI_WORD_PARTITION)) {
        if (!tni_parser_expect(parser, TNI_WORD_BY) ||
            (window->partition = tni_parser_expressions(parser)) == NULL) {
            return false;
        }
    }
    if (tni_parser_accept(parser, TNI_WORD_ORDER)) {
        if (!tni_parser_expect(parser, TNI_WORD_BY) ||
            (window->order = tni_parser_order(parser)) == NULL) {
            return false;
        }
    }
    if (tni_window_at_frame(parser) && !tni_window_frame(parser, window)) {
        return false;
    }
    return tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN);
}

static tni_ast_window *tni_window_new(tni_parser *parser) {
    tni_ast_window *window = (tni_ast_window *)tni_parser_alloc(parser, sizeof *window);
    if (window != NULL) {
        window->position = parser->token.position;
        window->start = TNI_BOUND_UNBOUNDED_PRECEDING;
        window->end = TNI_BOUND_CURRENT_ROW;
    }
    return window;
}

TNI_FN tni_ast_window *tni_parser_window(tni_parser *parser) {
    tni_ast_window *window = tni_window_new(parser);
    if (window == NULL) {
        return NULL;
    }
    if (!tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        window->name = tni_parser_name(parser, "a window");
        return window->name != NULL ? window : NULL;
    }
    return tni_window_parenthesis(parser, window) ? window : NULL;
}

TNI_FN tni_ast_window *tni_parser_windows(tni_parser *parser) {
    tni_ast_window *first = NULL, *last = NULL;
    do {
        tni_ast_window *window;
        if (last != NULL && tni_parser_list_ends(parser)) {
            break;
        }
        window = tni_window_new(parser);
        if (window == NULL) {
            return NULL;
        }
        window->defined_as = tni_parser_name(parser, "a name for the window");
        if (window->defined_as == NULL || !tni_parser_expect(parser, TNI_WORD_AS) ||
            !tni_window_parenthesis(parser, window)) {
            return NULL;
        }
        if (last != NULL) {
            last->next = window;
        } else {
            first = window;
        }
        last = window;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return first;
}
