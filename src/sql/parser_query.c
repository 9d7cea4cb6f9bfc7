/*
 * parser_query.c - SELECT, VALUES, set operations, WITH, ORDER BY, LIMIT.
 *
 * INTERSECT binds tighter than UNION and EXCEPT. A run of equal UNIONs becomes a balanced tree
 * (UNION is associative and keeps the order of its parts), so thousands of them stay shallow.
 * ORDER BY, LIMIT and WITH behind or before a parenthesised query that has its own wrap it in
 * SELECT * FROM (query). FROM may come first; without SELECT it means SELECT *. Uses the parser.
 */
#include "sql/parser_internal.h"

typedef struct tni_query_term {
    tni_ast_query *query;
    struct tni_query_term *next;
} tni_query_term;

/* A set operator, packed so that it fits a register of the recursion. */
#define TNI_QUERY_OPERATOR_ALL 4u
#define TNI_QUERY_OPERATOR_BY_NAME 8u
#define TNI_QUERY_OPERATOR_NONE 16u

static tni_ast_query *tni_query_new(tni_parser *parser, tni_ast_query_kind kind) {
    tni_ast_query *query = (tni_ast_query *)tni_parser_alloc(parser, sizeof *query);
    if (query != NULL) {
        query->kind = kind;
        query->position = parser->token.position;
        query->depth = 1;
    }
    return query;
}

static tni_ast_query *tni_query_settled(tni_parser *parser, tni_ast_query *query) {
    return tni_parser_settle_query(parser, query) ? query : NULL;
}

TNI_FN bool tni_parser_at_query(tni_parser *parser) {
    switch (parser->token.id) {
    case TNI_WORD_SELECT:
    case TNI_WORD_WITH:
    case TNI_WORD_FROM:
    case TNI_WORD_TABLE:
    case TNI_WORD_PIVOT:
    case TNI_WORD_UNPIVOT:
        return true;
    case TNI_WORD_VALUES:
        return tni_parser_next_is(parser, TNI_SYMBOL_LEFT_PAREN);
    default:
        return false;
    }
}

TNI_FN bool tni_parser_at_query_tail(const tni_parser *parser) {
    switch (parser->token.id) {
    case TNI_WORD_UNION:
    case TNI_WORD_EXCEPT:
    case TNI_WORD_INTERSECT:
    case TNI_WORD_ORDER:
    case TNI_WORD_LIMIT:
    case TNI_WORD_OFFSET:
    case TNI_WORD_FETCH:
        return true;
    default:
        return false;
    }
}

static tni_ast_expression *tni_query_plain_star(tni_parser *parser) {
    tni_ast_expression *star = tni_parser_node(parser, TNI_AST_STAR);
    if (star != NULL) {
        star->end = star->position;
    }
    return star;
}

/* SELECT * FROM `source` */
static tni_ast_query *tni_query_select_from(tni_parser *parser, tni_ast_source *source) {
    tni_ast_query *query = tni_query_new(parser, TNI_QUERY_SELECT);
    if (query == NULL || (query->items = tni_query_plain_star(parser)) == NULL) {
        return NULL;
    }
    query->position = source->position;
    query->from = source;
    return tni_parser_settle_source(parser, source) ? tni_query_settled(parser, query) : NULL;
}

TNI_FN tni_ast_query *tni_parser_table_query(tni_parser *parser, const char *name,
                                             const char *schema, uint32_t position) {
    tni_ast_source *source = (tni_ast_source *)tni_parser_alloc(parser, sizeof *source);
    if (source == NULL) {
        return NULL;
    }
    source->kind = TNI_FROM_TABLE;
    source->position = position;
    source->name = name;
    source->schema = schema;
    return tni_query_select_from(parser, source);
}

/* SELECT * FROM (inner) */
static tni_ast_query *tni_query_wrap(tni_parser *parser, tni_ast_query *inner) {
    tni_ast_source *source = (tni_ast_source *)tni_parser_alloc(parser, sizeof *source);
    if (source == NULL) {
        return NULL;
    }
    source->kind = inner->kind == TNI_QUERY_VALUES ? TNI_FROM_VALUES : TNI_FROM_QUERY;
    source->position = inner->position;
    source->query = inner;
    return tni_query_select_from(parser, source);
}

/* ---- the select list ---- */

/* A label in single quotes: AS 'label'. */
static const char *tni_query_string_alias(tni_parser *parser) {
    uint32_t position = parser->token.position;
    size_t length = 0;
    const char *alias = tni_parser_string(parser, &length);
    if (alias != NULL && (length == 0 || strlen(alias) != length)) {
        tni_parser_stop(parser,
                        tni_fail_at(parser->error, TRUENO_ERROR_SYNTAX, position,
                                    "an alias must not be empty or hold a NUL byte"));
        return NULL;
    }
    return alias;
}

/* [AS] label; behind AS also 'label'. */
static bool tni_query_alias(tni_parser *parser, tni_ast_expression *item) {
    if (tni_parser_accept(parser, TNI_WORD_AS)) {
        item->alias = tni_token_is_string(parser->token)
                          ? tni_query_string_alias(parser)
                          : tni_parser_label(parser, "an alias");
        return item->alias != NULL;
    }
    if (tni_token_is_name(parser->token)) {
        item->alias = tni_parser_name(parser, NULL);
        return item->alias != NULL;
    }
    return true;
}

/* expr [[AS] alias], alias: expr, or a star */
static tni_ast_expression *tni_query_item(tni_parser *parser) {
    tni_ast_expression *item;
    if (tni_parser_at(parser, TNI_SYMBOL_STAR)) {
        item = tni_parser_star(parser, NULL, parser->token.position);
        if (tni_parser_at(parser, TNI_WORD_AS)) {
            tni_parser_refuse(parser, parser->token.position, "an alias for * is");
        }
        return tni_parser_failed(parser) ? NULL : item;
    }
    if (tni_token_is_name(parser->token) && tni_parser_next_is(parser, TNI_SYMBOL_COLON)) {
        const char *alias = tni_parser_name(parser, NULL);
        tni_parser_advance(parser);
        item = tni_parser_expression(parser);
        if (item != NULL) {
            item->alias = alias;
        }
        return item;
    }
    item = tni_parser_expression(parser);
    return item != NULL && tni_query_alias(parser, item) ? item : NULL;
}

static tni_ast_expression *tni_query_items(tni_parser *parser) {
    tni_ast_expression *first = NULL, *last = NULL;
    do {
        tni_ast_expression *item;
        if (last != NULL && tni_parser_list_ends(parser)) {
            break;
        }
        item = tni_query_item(parser);
        if (item == NULL) {
            return NULL;
        }
        if (last != NULL) {
            last->next = item;
        } else {
            first = item;
        }
        last = item;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return first;
}

/* SELECT [ALL | DISTINCT [ON (...)]] items; SELECT is consumed. */
static bool tni_query_select_list(tni_parser *parser, tni_ast_query *query) {
    if (tni_parser_accept(parser, TNI_WORD_DISTINCT)) {
        query->distinct = true;
        if (tni_parser_accept(parser, TNI_WORD_ON)) {
            if (!tni_parser_expect(parser, TNI_SYMBOL_LEFT_PAREN) ||
                (query->distinct_on = tni_parser_expressions(parser)) == NULL ||
                !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
                return false;
            }
        }
    } else {
        tni_parser_accept(parser, TNI_WORD_ALL);
    }
    query->items = tni_query_items(parser);
    if (query->items != NULL && tni_parser_at(parser, TNI_WORD_INTO)) {
        tni_parser_refuse(parser, parser->token.position, "SELECT INTO is");
        return false;
    }
    return query->items != NULL;
}

/* ---- GROUP BY ---- */

static tni_ast_grouping *tni_grouping_new(tni_parser *parser) {
    tni_ast_grouping *group = (tni_ast_grouping *)tni_parser_alloc(parser, sizeof *group);
    if (group != NULL) {
        group->position = parser->token.position;
    }
    return group;
}

static tni_ast_expression *tni_grouping_row(tni_parser *parser, tni_ast_expression *items) {
    tni_ast_expression *row = tni_parser_node(parser, TNI_AST_ROW);
    if (row == NULL) {
        return NULL;
    }
    row->arguments = items;
    for (; items != NULL; items = items->next) {
        row->argument_count++;
    }
    return tni_parser_finish(parser, row, row->arguments != NULL ? row->arguments->position
                                                                 : row->position);
}

/* One set of GROUPING SETS: (), (a, b) or a, always a ROW. */
static tni_ast_expression *tni_grouping_set(tni_parser *parser) {
    tni_ast_expression *item;
    if (tni_parser_at(parser, TNI_WORD_ROLLUP) || tni_parser_at(parser, TNI_WORD_CUBE) ||
        tni_parser_at(parser, TNI_WORD_GROUPING)) {
        tni_parser_refuse(parser, parser->token.position, "ROLLUP or CUBE inside GROUPING SETS is");
        return NULL;
    }
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN) &&
        tni_parser_next_is(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        tni_parser_advance(parser);
        tni_parser_advance(parser);
        return tni_grouping_row(parser, NULL);
    }
    item = tni_parser_expression(parser);
    if (item == NULL || (item->kind == TNI_AST_ROW && !item->parenthesised)) {
        return item;
    }
    return tni_grouping_row(parser, item);
}

/* ( set, ... ) of GROUPING SETS, ( item, ... ) of ROLLUP and CUBE */
static tni_ast_expression *tni_grouping_list(tni_parser *parser, bool sets) {
    tni_ast_expression *first = NULL, *last = NULL;
    if (!tni_parser_expect(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return NULL;
    }
    do {
        tni_ast_expression *item;
        if (last != NULL && tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            break;
        }
        item = sets ? tni_grouping_set(parser) : tni_parser_expression(parser);
        if (item == NULL) {
            return NULL;
        }
        if (last != NULL) {
            last->next = item;
        } else {
            first = item;
        }
        last = item;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN) ? first : NULL;
}

/* ROLLUP (...), CUBE (...), GROUPING SETS (...), (): 0 when none of them is current. */
static uint8_t tni_grouping_kind(tni_parser *parser) {
    bool call = tni_parser_next_is(parser, TNI_SYMBOL_LEFT_PAREN);
    if (tni_parser_at(parser, TNI_WORD_ROLLUP)) {
        return call ? 1 : 0;
    }
    if (tni_parser_at(parser, TNI_WORD_CUBE)) {
        return call ? 2 : 0;
    }
    if (tni_parser_at(parser, TNI_WORD_GROUPING)) {
        return tni_parser_next_is(parser, TNI_WORD_SETS) ? 3 : 0;
    }
    return tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN) &&
                   tni_parser_next_is(parser, TNI_SYMBOL_RIGHT_PAREN)
               ? 3
               : 0;
}

static bool tni_grouping_special(tni_parser *parser, tni_ast_grouping *group, uint8_t kind) {
    group->sets = kind;
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        group->expressions = tni_grouping_set(parser);
        return group->expressions != NULL;
    }
    tni_parser_advance(parser);
    tni_parser_accept(parser, TNI_WORD_SETS);
    group->expressions = tni_grouping_list(parser, kind == 3);
    return group->expressions != NULL;
}

/* Append to a plain group, (a, (b, c)) as a, b, c; the group's last expression. */
static tni_ast_expression *tni_grouping_append(tni_ast_grouping *group, tni_ast_expression *last,
                                               tni_ast_expression *item) {
    tni_ast_expression **at = last != NULL ? &last->next : &group->expressions;
    *at = item;
    while (*at != NULL) {
        tni_ast_expression *row = *at;
        if (row->kind == TNI_AST_ROW && row->arguments != NULL) {
            tni_ast_expression *tail = row->arguments;
            while (tail->next != NULL) {
                tail = tail->next;
            }
            tail->next = row->next;
            *at = row->arguments;
        } else {
            last = row;
            at = &row->next;
        }
    }
    return last;
}

/* Behind GROUP BY: runs of plain expressions and special groups, in order. */
static tni_ast_grouping *tni_query_groups(tni_parser *parser) {
    tni_ast_grouping *first = tni_grouping_new(parser), *group = first;
    tni_ast_expression *last = NULL;
    if (first == NULL) {
        return NULL;
    }
    if (tni_parser_accept(parser, TNI_WORD_ALL) || tni_parser_accept(parser, TNI_SYMBOL_STAR)) {
        first->all = true;
        return first;
    }
    do {
        uint8_t kind;
        bool fresh = group->expressions == NULL;
        if (!fresh && tni_parser_list_ends(parser)) {
            break;
        }
        kind = tni_grouping_kind(parser);
        if (!fresh && (kind != 0 || group->sets != 0)) {
            group->next = tni_grouping_new(parser);
            group = group->next;
            last = NULL;
            if (group == NULL) {
                return NULL;
            }
        }
        if (kind != 0) {
            if (!tni_grouping_special(parser, group, kind)) {
                return NULL;
            }
        } else {
            tni_ast_expression *item = tni_parser_expression(parser);
            if (item == NULL) {
                return NULL;
            }
            last = tni_grouping_append(group, last, item);
        }
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return first;
}

/* ---- SELECT ---- */

static bool tni_query_refuse_sample(tni_parser *parser) {
    if (tni_parser_at(parser, TNI_WORD_USING) && tni_parser_next_is(parser, TNI_WORD_SAMPLE)) {
        tni_parser_refuse(parser, parser->token.position, "USING SAMPLE is");
    }
    return tni_parser_failed(parser);
}

/* WHERE, GROUP BY, HAVING, WINDOW, QUALIFY; each at most once, in this order. */
static bool tni_query_clauses(tni_parser *parser, tni_ast_query *query) {
    if (tni_parser_accept(parser, TNI_WORD_WHERE) &&
        (query->where = tni_parser_expression(parser)) == NULL) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_WORD_GROUP) &&
        (!tni_parser_expect(parser, TNI_WORD_BY) ||
         (query->groups = tni_query_groups(parser)) == NULL)) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_WORD_HAVING) &&
        (query->having = tni_parser_expression(parser)) == NULL) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_WORD_WINDOW) &&
        (query->windows = tni_parser_windows(parser)) == NULL) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_WORD_QUALIFY) &&
        (query->qualify = tni_parser_expression(parser)) == NULL) {
        return false;
    }
    return !tni_query_refuse_sample(parser);
}

/* SELECT ... [FROM ...] or FROM ... [SELECT ...], then the clauses. */
static tni_ast_query *tni_query_select(tni_parser *parser) {
    tni_ast_query *query = tni_query_new(parser, TNI_QUERY_SELECT);
    if (query == NULL) {
        return NULL;
    }
    if (tni_parser_accept(parser, TNI_WORD_FROM)) {
        query->from = tni_parser_sources(parser);
        if (query->from == NULL) {
            return NULL;
        }
        if (tni_parser_accept(parser, TNI_WORD_SELECT)) {
            if (!tni_query_select_list(parser, query)) {
                return NULL;
            }
        } else if ((query->items = tni_query_plain_star(parser)) == NULL) {
            return NULL;
        }
    } else {
        tni_parser_advance(parser);
        if (!tni_query_select_list(parser, query)) {
            return NULL;
        }
        if (tni_parser_accept(parser, TNI_WORD_FROM) &&
            (query->from = tni_parser_sources(parser)) == NULL) {
            return NULL;
        }
    }
    return tni_query_clauses(parser, query) ? tni_query_settled(parser, query) : NULL;
}

/* ( a, b ) of VALUES */
static tni_ast_expression *tni_query_row(tni_parser *parser) {
    uint32_t start = parser->token.position;
    tni_ast_expression *row = tni_parser_node(parser, TNI_AST_ROW);
    if (row == NULL || !tni_parser_expect(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return NULL;
    }
    row->arguments = tni_parser_expressions(parser);
    for (tni_ast_expression *e = row->arguments; e != NULL; e = e->next) {
        row->argument_count++;
    }
    if (row->arguments == NULL || !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    return tni_parser_finish(parser, row, start);
}

TNI_FN tni_ast_query *tni_parser_values(tni_parser *parser) {
    tni_ast_query *query = tni_query_new(parser, TNI_QUERY_VALUES);
    tni_ast_expression *last = NULL;
    if (query == NULL) {
        return NULL;
    }
    tni_parser_advance(parser);
    do {
        tni_ast_expression *row;
        if (last != NULL && tni_parser_list_ends(parser)) {
            break;
        }
        row = tni_query_row(parser);
        if (row == NULL) {
            return NULL;
        }
        if (last != NULL) {
            last->next = row;
        } else {
            query->rows = row;
        }
        last = row;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return tni_query_settled(parser, query);
}

/* TABLE name */
static tni_ast_query *tni_query_table(tni_parser *parser) {
    const char *name, *schema = NULL;
    uint32_t position;
    tni_parser_advance(parser);
    position = parser->token.position;
    name = tni_parser_qualified(parser, "a table name", &schema);
    return name != NULL ? tni_parser_table_query(parser, name, schema, position) : NULL;
}

/* ---- set operations ---- */

static tni_ast_query *tni_query_primary(tni_parser *parser) {
    tni_ast_query *query;
    switch (parser->token.id) {
    case TNI_WORD_SELECT:
    case TNI_WORD_FROM:
        return tni_query_select(parser);
    case TNI_WORD_VALUES:
        return tni_parser_values(parser);
    case TNI_WORD_TABLE:
        return tni_query_table(parser);
    case TNI_SYMBOL_LEFT_PAREN:
        tni_parser_advance(parser);
        query = tni_parser_query(parser);
        return query != NULL && tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN) ? query : NULL;
    case TNI_WORD_PIVOT:
    case TNI_WORD_UNPIVOT:
        tni_parser_refuse(parser, parser->token.position,
                          tni_parser_at(parser, TNI_WORD_PIVOT) ? "PIVOT is" : "UNPIVOT is");
        return NULL;
    default:
        tni_parser_unexpected(parser, "a query");
        return NULL;
    }
}

static tni_ast_query *tni_query_combine(tni_parser *parser, uint32_t operation,
                                        tni_ast_query *left, tni_ast_query *right) {
    tni_ast_query *query = tni_query_new(parser, TNI_QUERY_SET);
    if (query == NULL) {
        return NULL;
    }
    query->position = left->position;
    query->set = (tni_ast_set)(operation & 3u);
    query->set_all = (operation & TNI_QUERY_OPERATOR_ALL) != 0;
    query->set_by_name = (operation & TNI_QUERY_OPERATOR_BY_NAME) != 0;
    query->left = left;
    query->right = right;
    return tni_query_settled(parser, query);
}

/* UNION | EXCEPT | INTERSECT [ALL | DISTINCT] [BY NAME]; the word is current. */
static uint32_t tni_query_operator(tni_parser *parser) {
    uint32_t operation = tni_parser_at(parser, TNI_WORD_UNION)    ? TNI_SET_UNION
                         : tni_parser_at(parser, TNI_WORD_EXCEPT) ? TNI_SET_EXCEPT
                                                                  : TNI_SET_INTERSECT;
    tni_parser_advance(parser);
    if (tni_parser_accept(parser, TNI_WORD_ALL)) {
        operation |= TNI_QUERY_OPERATOR_ALL;
    } else {
        tni_parser_accept(parser, TNI_WORD_DISTINCT);
    }
    if (tni_parser_at(parser, TNI_WORD_BY) && tni_parser_next_is(parser, TNI_WORD_NAME)) {
        tni_parser_advance(parser);
        tni_parser_advance(parser);
        operation |= TNI_QUERY_OPERATOR_BY_NAME;
    }
    return operation;
}

/* `left` NULL: parse it. */
static tni_ast_query *tni_query_intersections(tni_parser *parser, tni_ast_query *left) {
    if (left == NULL) {
        left = tni_query_primary(parser);
    }
    while (left != NULL && tni_parser_at(parser, TNI_WORD_INTERSECT)) {
        uint32_t operation = tni_query_operator(parser);
        tni_ast_query *right = tni_query_primary(parser);
        left = right != NULL ? tni_query_combine(parser, operation, left, right) : NULL;
    }
    return left;
}

static tni_ast_query *tni_query_balance(tni_parser *parser, uint32_t operation,
                                        tni_query_term **terms, uint32_t count) {
    tni_ast_query *left, *right;
    if (count == 1) {
        left = (*terms)->query;
        *terms = (*terms)->next;
        return left;
    }
    left = tni_query_balance(parser, operation, terms, count - count / 2);
    right = left != NULL ? tni_query_balance(parser, operation, terms, count / 2) : NULL;
    return right != NULL ? tni_query_combine(parser, operation, left, right) : NULL;
}

static TNI_NOINLINE tni_ast_query *tni_query_tree(tni_parser *parser, uint32_t operation,
                                                  tni_query_term *terms, uint32_t count) {
    tni_query_term *list = terms;
    return tni_query_balance(parser, operation, &list, count);
}

static tni_query_term *tni_query_term_new(tni_parser *parser, tni_ast_query *query) {
    tni_query_term *term = NULL;
    if (query != NULL) {
        term = (tni_query_term *)tni_parser_alloc(parser, sizeof *term);
        if (term != NULL) {
            term->query = query;
        }
    }
    return term;
}

/* `left` NULL: parse it. Runs of the same UNION are collected before they become a tree. */
static tni_ast_query *tni_query_unions(tni_parser *parser, tni_ast_query *left) {
    tni_query_term *first, *last;
    uint32_t count = 1, running = TNI_QUERY_OPERATOR_NONE;
    first = last = tni_query_term_new(parser, tni_query_intersections(parser, left));
    while (last != NULL &&
           (tni_parser_at(parser, TNI_WORD_UNION) || tni_parser_at(parser, TNI_WORD_EXCEPT))) {
        uint32_t operation = tni_query_operator(parser);
        if (count > 1 && (operation != running || (operation & 3u) != TNI_SET_UNION)) {
            first = tni_query_term_new(parser, tni_query_tree(parser, running, first, count));
            last = first;
            count = 1;
            if (first == NULL) {
                return NULL;
            }
        }
        running = operation;
        last->next = tni_query_term_new(parser, tni_query_intersections(parser, NULL));
        last = last->next;
        count++;
    }
    return last != NULL ? tni_query_tree(parser, running, first, count) : NULL;
}

/* ---- ORDER BY, LIMIT ---- */

/* expr [ASC | DESC] [NULLS FIRST | LAST] */
static tni_ast_order *tni_parse_order_item(tni_parser *parser) {
    tni_ast_order *item = (tni_ast_order *)tni_parser_alloc(parser, sizeof *item);
    if (item == NULL) {
        return NULL;
    }
    if (tni_parser_accept(parser, TNI_WORD_ALL) || tni_parser_accept(parser, TNI_SYMBOL_STAR)) {
        item->all = true;
    } else if ((item->expression = tni_parser_expression(parser)) == NULL) {
        return NULL;
    }
    if (tni_parser_accept(parser, TNI_WORD_DESC)) {
        item->descending = true;
    } else {
        tni_parser_accept(parser, TNI_WORD_ASC);
    }
    if (tni_parser_accept(parser, TNI_WORD_NULLS)) {
        if (tni_parser_accept(parser, TNI_WORD_FIRST)) {
            item->nulls = 1;
        } else if (tni_parser_accept(parser, TNI_WORD_LAST)) {
            item->nulls = 2;
        } else {
            tni_parser_unexpected(parser, "FIRST or LAST");
            return NULL;
        }
    }
    return item;
}

TNI_FN tni_ast_order *tni_parser_order(tni_parser *parser) {
    tni_ast_order *first = NULL, *last = NULL;
    do {
        tni_ast_order *item;
        if (last != NULL && tni_parser_list_ends(parser)) {
            break;
        }
        item = tni_parse_order_item(parser);
        if (item == NULL) {
            return NULL;
        }
        if (last != NULL) {
            last->next = item;
        } else {
            first = item;
        }
        last = item;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return first;
}

/* LIMIT n | n% | n PERCENT | ALL; LIMIT is consumed. */
static bool tni_query_limit(tni_parser *parser, tni_ast_query *query) {
    if (tni_parser_accept(parser, TNI_WORD_ALL)) {
        return true;
    }
    query->limit = tni_parser_expression(parser);
    query->limit_percent = tni_parser_accept(parser, TNI_SYMBOL_PERCENT) ||
                           tni_parser_accept(parser, TNI_WORD_PERCENT);
    if (tni_parser_at(parser, TNI_SYMBOL_COMMA)) {
        tni_parser_refuse(parser, parser->token.position,
                          "LIMIT offset, count (write LIMIT count OFFSET offset) is");
        return false;
    }
    return query->limit != NULL;
}

/* OFFSET n [ROW | ROWS]; OFFSET is consumed. */
static bool tni_query_offset(tni_parser *parser, tni_ast_query *query) {
    query->offset = tni_parser_expression(parser);
    if (query->offset == NULL) {
        return false;
    }
    if (!tni_parser_accept(parser, TNI_WORD_ROWS)) {
        tni_parser_accept(parser, TNI_WORD_ROW);
    }
    return true;
}

/* FETCH FIRST | NEXT [n] ROW | ROWS ONLY; FETCH is consumed. */
static bool tni_query_fetch(tni_parser *parser, tni_ast_query *query) {
    if (!tni_parser_accept(parser, TNI_WORD_FIRST) && !tni_parser_expect(parser, TNI_WORD_NEXT)) {
        return false;
    }
    if (tni_parser_at(parser, TNI_WORD_ROW) || tni_parser_at(parser, TNI_WORD_ROWS)) {
        query->limit = tni_parser_node(parser, TNI_AST_INTEGER);
        if (query->limit != NULL) {
            query->limit->value.integer = 1;
        }
    } else {
        query->limit = tni_parser_expression(parser);
    }
    if (query->limit == NULL) {
        return false;
    }
    if (!tni_parser_accept(parser, TNI_WORD_ROW) && !tni_parser_expect(parser, TNI_WORD_ROWS)) {
        return false;
    }
    if (tni_parser_at(parser, TNI_WORD_WITH)) {
        tni_parser_refuse(parser, parser->token.position, "FETCH ... WITH TIES is");
        return false;
    }
    return tni_parser_expect(parser, TNI_WORD_ONLY);
}

/* LIMIT and OFFSET in either order, each at most once. */
static bool tni_query_limits(tni_parser *parser, tni_ast_query *query) {
    bool limited = false, moved = false;
    for (;;) {
        if (!moved && tni_parser_accept(parser, TNI_WORD_OFFSET)) {
            moved = true;
            if (!tni_query_offset(parser, query)) {
                return false;
            }
        } else if (!limited && tni_parser_accept(parser, TNI_WORD_LIMIT)) {
            limited = true;
            if (!tni_query_limit(parser, query)) {
                return false;
            }
        } else if (!limited && tni_parser_accept(parser, TNI_WORD_FETCH)) {
            limited = true;
            if (!tni_query_fetch(parser, query)) {
                return false;
            }
        } else {
            return true;
        }
    }
}

static bool tni_query_at_order(const tni_parser *parser) {
    return tni_parser_at(parser, TNI_WORD_ORDER) || tni_parser_at(parser, TNI_WORD_LIMIT) ||
           tni_parser_at(parser, TNI_WORD_OFFSET) || tni_parser_at(parser, TNI_WORD_FETCH);
}

/* ORDER BY and LIMIT behind `query`, which had its own when it stood in parentheses. */
static tni_ast_query *tni_query_tail(tni_parser *parser, tni_ast_query *query) {
    if (!tni_query_at_order(parser)) {
        return query;
    }
    if (query->order != NULL || query->limit != NULL || query->offset != NULL) {
        query = tni_query_wrap(parser, query);
        if (query == NULL) {
            return NULL;
        }
    }
    if (tni_parser_accept(parser, TNI_WORD_ORDER)) {
        if (!tni_parser_expect(parser, TNI_WORD_BY) ||
            (query->order = tni_parser_order(parser)) == NULL) {
            return NULL;
        }
    }
    if (!tni_query_limits(parser, query) || tni_query_refuse_sample(parser)) {
        return NULL;
    }
    return tni_query_settled(parser, query);
}

/* ---- WITH ---- */

static bool tni_query_refuse_change(tni_parser *parser) {
    if (tni_parser_at(parser, TNI_WORD_INSERT) || tni_parser_at(parser, TNI_WORD_UPDATE) ||
        tni_parser_at(parser, TNI_WORD_DELETE) || tni_parser_at(parser, TNI_WORD_MERGE)) {
        tni_parser_refuse(parser, parser->token.position,
                          "INSERT, UPDATE, DELETE or MERGE with WITH is");
    }
    return tni_parser_failed(parser);
}

/* name [(columns)] AS [[NOT] MATERIALIZED] ( query ) */
static tni_ast_cte *tni_query_cte(tni_parser *parser) {
    tni_ast_cte *cte = (tni_ast_cte *)tni_parser_alloc(parser, sizeof *cte);
    if (cte == NULL) {
        return NULL;
    }
    cte->position = parser->token.position;
    cte->name = tni_parser_name(parser, "a name for the common table expression");
    if (cte->name == NULL) {
        return NULL;
    }
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN) &&
        (cte->columns = tni_parser_names(parser, "a column name")) == NULL) {
        return NULL;
    }
    if (tni_parser_at(parser, TNI_WORD_USING)) {
        tni_parser_refuse(parser, parser->token.position, "WITH ... USING KEY is");
        return NULL;
    }
    if (!tni_parser_expect(parser, TNI_WORD_AS)) {
        return NULL;
    }
    if (tni_parser_accept(parser, TNI_WORD_NOT)) {
        cte->materialized = 2;
        if (!tni_parser_expect(parser, TNI_WORD_MATERIALIZED)) {
            return NULL;
        }
    } else if (tni_parser_accept(parser, TNI_WORD_MATERIALIZED)) {
        cte->materialized = 1;
    }
    if (!tni_parser_expect(parser, TNI_SYMBOL_LEFT_PAREN) || tni_query_refuse_change(parser) ||
        (cte->query = tni_parser_query(parser)) == NULL ||
        !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    return cte;
}

static tni_ast_cte *tni_query_ctes(tni_parser *parser) {
    tni_ast_cte *first = NULL, *last = NULL;
    do {
        tni_ast_cte *cte;
        if (last != NULL && tni_parser_at_query(parser)) {
            break;
        }
        cte = tni_query_cte(parser);
        if (cte == NULL) {
            return NULL;
        }
        if (last != NULL) {
            last->next = cte;
        } else {
            first = cte;
        }
        last = cte;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return first;
}

static tni_ast_query *tni_query_attach(tni_parser *parser, tni_ast_query *query,
                                       tni_ast_cte *with, bool recursive) {
    if (query->with != NULL) {
        query = tni_query_wrap(parser, query);
        if (query == NULL) {
            return NULL;
        }
    }
    query->with = with;
    query->recursive = recursive;
    return tni_query_settled(parser, query);
}

static tni_ast_query *tni_query_inner(tni_parser *parser) {
    tni_ast_cte *with = NULL;
    bool recursive = false;
    tni_ast_query *query;
    if (tni_parser_accept(parser, TNI_WORD_WITH)) {
        recursive = tni_parser_accept(parser, TNI_WORD_RECURSIVE);
        with = tni_query_ctes(parser);
        if (with == NULL || tni_query_refuse_change(parser)) {
            return NULL;
        }
    }
    query = tni_query_unions(parser, NULL);
    if (query != NULL) {
        query = tni_query_tail(parser, query);
    }
    return query != NULL && with != NULL ? tni_query_attach(parser, query, with, recursive)
                                         : query;
}

/* A query costs about three times the stack of an expression: it enters three levels. */
TNI_FN tni_ast_query *tni_parser_query(tni_parser *parser) {
    tni_ast_query *query;
    if (!tni_parser_enter(parser, 3)) {
        return NULL;
    }
    query = tni_query_inner(parser);
    parser->depth -= 3;
    return query;
}

TNI_FN tni_ast_query *tni_parser_query_continue(tni_parser *parser, tni_ast_query *left) {
    tni_ast_query *query;
    if (!tni_parser_enter(parser, 3)) {
        return NULL;
    }
    query = tni_query_unions(parser, left);
    if (query != NULL) {
        query = tni_query_tail(parser, query);
    }
    parser->depth -= 3;
    return query;
}

#undef TNI_QUERY_OPERATOR_ALL
#undef TNI_QUERY_OPERATOR_BY_NAME
#undef TNI_QUERY_OPERATOR_NONE
