/*
 * bind_name.c - what a result column without an alias is called: the column's own name, or the
 * expression in a canonical spelling, as DuckDB's users know it: count_star(), sum(a), (a + 1).
 *
 * Uses: base/, sql/ast.h, sql/parser.h, plan/bind_internal.h.
 */
#include "plan/bind_internal.h"
#include "sql/parser.h"

#define TNI_NAME_LONGEST 4096u /* the rest of a longer name is cut off */

static void tni_name_expr(tni_binder *binder, const tni_ast_expression *ast, tni_text *out);

/* The keywords of DuckDB's grammar, of every class: names like these stand in quotes. Facts of its
 * version 2.0.1, in order of the alphabet. */
static const char *const tni_name_keywords[] = {
    "abort", "absolute", "access", "action", "add", "admin", "after", "aggregate", "all", "also",
    "alter", "always", "analyse", "analyze", "and", "anti", "any", "approx", "array", "as", "asc",
    "asof", "assertion", "assignment", "asymmetric", "at", "attach", "attribute", "authorization",
    "backward", "before", "begin", "between", "bigint", "binary", "bit", "boolean", "both", "by",
    "cache", "call", "called", "cascade", "cascaded", "case", "cast", "catalog", "centuries",
    "century", "chain", "char", "character", "characteristics", "check", "checkpoint", "class",
    "close", "cluster", "coalesce", "collate", "collation", "column", "columns", "comment",
    "comments", "commit", "committed", "compression", "concurrently", "configuration", "conflict",
    "connect", "connection", "constraint", "constraints", "content", "continue", "conversion",
    "copy", "cost", "create", "cross", "csv", "cube", "current", "cursor", "cycle", "data",
    "database", "day", "days", "deallocate", "dec", "decade", "decades", "decimal", "declare",
    "default", "defaults", "deferrable", "deferred", "definer", "delete", "delimiter",
    "delimiters", "depends", "desc", "describe", "destroy", "detach", "dictionary", "disable",
    "discard", "disconnect", "distance", "distinct", "do", "document", "domain", "double", "drop",
    "each", "else", "enable", "encoding", "encrypted", "end", "enum", "error", "escape", "event",
    "exact", "except", "exclude", "excluding", "exclusive", "execute", "exists", "explain",
    "export", "export_state", "extension", "extensions", "external", "extract", "false", "family",
    "fetch", "filter", "first", "float", "following", "for", "force", "foreign", "forward",
    "freeze", "from", "full", "function", "functions", "generated", "glob", "global", "grant",
    "granted", "group", "grouping", "grouping_id", "groups", "handler", "having", "header", "hold",
    "hour", "hours", "identity", "if", "ignore", "ilike", "immediate", "immutable", "implicit",
    "import", "in", "include", "including", "increment", "index", "indexes", "inherit", "inherits",
    "initially", "inline", "inner", "inout", "input", "insensitive", "insert", "install",
    "instead", "int", "integer", "intersect", "interval", "into", "invoker", "is", "isnull",
    "isolation", "join", "json", "key", "label", "lambda", "language", "large", "last", "lateral",
    "leading", "leakproof", "left", "level", "like", "limit", "listen", "load", "local",
    "location", "lock", "locked", "logged", "macro", "map", "mapping", "match", "matched",
    "materialized", "maxvalue", "merge", "method", "microsecond", "microseconds", "millennia",
    "millennium", "millisecond", "milliseconds", "minute", "minutes", "minvalue", "mode", "month",
    "months", "move", "name", "names", "national", "natural", "nchar", "nearest", "new", "next",
    "no", "none", "not", "nothing", "notify", "notnull", "nowait", "null", "nullif", "nulls",
    "numeric", "object", "of", "off", "offset", "oids", "old", "on", "only", "operator", "option",
    "options", "or", "order", "ordinality", "others", "out", "outer", "over", "overlaps",
    "overlay", "overriding", "owned", "owner", "parallel", "parser", "partial", "partition",
    "partitioned", "passing", "password", "percent", "persistent", "pivot", "pivot_longer",
    "pivot_wider", "placing", "plans", "policy", "position", "positional", "pragma", "preceding",
    "precision", "prepare", "prepared", "preserve", "primary", "prior", "privileges", "procedural",
    "procedure", "program", "publication", "qualify", "quarter", "quarters", "quote", "range",
    "read", "real", "reassign", "recheck", "recursive", "ref", "references", "referencing",
    "refresh", "register", "reindex", "relative", "release", "rename", "repeatable", "replace",
    "replica", "reset", "resource", "resources", "respect", "restart", "restrict", "returning",
    "returns", "revoke", "right", "role", "rollback", "rollup", "row", "rows", "rule", "sample",
    "savepoint", "schema", "schemas", "scope", "scroll", "search", "second", "seconds", "secret",
    "secure", "security", "select", "semi", "sequence", "sequences", "serializable", "server",
    "session", "set", "setof", "sets", "share", "show", "similar", "similarity", "simple", "skip",
    "smallint", "snapshot", "some", "sorted", "source", "sql", "stable", "standalone", "start",
    "statement", "statistics", "stdin", "stdout", "storage", "stored", "strict", "strip", "struct",
    "subscription", "substring", "summarize", "symmetric", "sysid", "system", "table", "tables",
    "tablesample", "tablespace", "target", "temp", "template", "temporary", "text", "then", "ties",
    "time", "timestamp", "to", "trailing", "transaction", "transform", "treat", "trigger", "trim",
    "true", "truncate", "trusted", "try_cast", "tuple", "type", "types", "unbounded",
    "uncommitted", "unencrypted", "union", "unique", "unknown", "unlisten", "unlogged", "unpack",
    "unpivot", "until", "update", "use", "user", "using", "vacuum", "valid", "validate",
    "validator", "value", "values", "varchar", "variable", "variadic", "varying", "verbose",
    "version", "view", "views", "virtual", "volatile", "week", "weeks", "when", "where",
    "whitespace", "window", "with", "within", "without", "work", "wrapper", "write", "xml",
    "xmlattributes", "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlnamespaces",
    "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable", "year", "years", "yes", "zone"};

static bool tni_name_is_keyword(const char *word) {
    uint32_t low = 0, high = TNI_COUNT_OF(tni_name_keywords), i;
    char lower[24];
    for (i = 0; word[i] && i < sizeof lower - 1; i++) {
        lower[i] = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] + 32) : word[i];
    }
    lower[i] = '\0';
    while (low < high && !word[i]) {
        uint32_t middle = (low + high) / 2;
        int order = strcmp(lower, tni_name_keywords[middle]);
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return false;
}

static void tni_name_identifier(const char *name, tni_text *out) {
    const char *p;
    bool plain = *name && !(*name >= '0' && *name <= '9');
    for (p = name; *p && plain; p++) {
        plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                *p == '_';
    }
    if (plain && !tni_name_is_keyword(name)) {
        tni_text_add(out, name);
        return;
    }
    tni_text_char(out, '"');
    for (p = name; *p; p++) {
        if (*p == '"') {
            tni_text_char(out, '"');
        }
        tni_text_char(out, *p);
    }
    tni_text_char(out, '"');
}

static void tni_name_string(const char *text, size_t length, tni_text *out) {
    size_t i;
    tni_text_char(out, '\'');
    for (i = 0; text && i < length; i++) {
        if (text[i] == '\'') {
            tni_text_char(out, '\'');
        }
        tni_text_char(out, text[i]);
    }
    tni_text_char(out, '\'');
}

static void tni_name_list(tni_binder *binder, const tni_ast_expression *list, tni_text *out) {
    for (; list && out->length < TNI_NAME_LONGEST; list = list->next) {
        tni_name_expr(binder, list, out);
        if (list->next) {
            tni_text_add(out, ", ");
        }
    }
}

static void tni_name_order(tni_binder *binder, const tni_ast_order *order, tni_text *out) {
    tni_text_add(out, "ORDER BY ");
    for (; order; order = order->next) {
        tni_name_expr(binder, order->expression, out);
        if (order->descending) {
            tni_text_add(out, " DESC");
        }
        if (order->nulls) {
            tni_text_add(out, order->nulls == 1 ? " NULLS FIRST" : " NULLS LAST");
        }
        if (order->next) {
            tni_text_add(out, ", ");
        }
    }
}

static const char *tni_name_of_function(const tni_ast_expression *ast, bool *keyword) {
    *keyword = false;
    if (tni_name_equal(ast->name, "coalesce") || tni_name_equal(ast->name, "ifnull")) {
        return "COALESCE";
    }
    if (tni_name_equal(ast->name, "grouping") || tni_name_equal(ast->name, "grouping_id")) {
        return "GROUPING";
    }
    if (tni_name_equal(ast->name, "percentile_cont")) {
        return "quantile_cont";
    }
    if (tni_name_equal(ast->name, "percentile_disc")) {
        return "quantile_disc";
    }
    *keyword = true;
    return ast->name;
}

static void tni_name_lower(const char *name, bool keyword, tni_text *out) {
    char folded[64];
    size_t length = strlen(name), i;
    if (!keyword || length >= sizeof folded) {
        tni_text_add(out, name);
        return;
    }
    for (i = 0; i <= length; i++) {
        folded[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
    }
    tni_name_identifier(folded, out);
}

/* current_date and its kin stand without parentheses. */
static bool tni_name_clock(const tni_ast_expression *ast, tni_text *out) {
    static const char *const clocks[] = {"current_date", "current_time", "current_timestamp",
                                         "localtime", "localtimestamp"};
    uint32_t i;
    for (i = 0; i < TNI_COUNT_OF(clocks); i++) {
        if (ast->argument_count == 0 && tni_name_equal(ast->name, clocks[i])) {
            tni_text_add(out, clocks[i]);
            return true;
        }
    }
    return false;
}

static void tni_name_call(tni_binder *binder, const tni_ast_expression *ast, tni_text *out) {
    bool keyword, star = tni_name_equal(ast->name, "count") &&
                         (ast->argument_count == 0 || ast->arguments->kind == TNI_AST_STAR);
    const char *name = tni_name_of_function(ast, &keyword);
    if (tni_name_clock(ast, out)) {
        return;
    }
    if (star) {
        tni_text_add(out, "count_star(");
    } else {
        tni_name_lower(name, keyword, out);
        tni_text_char(out, '(');
        if (ast->distinct) {
            tni_text_add(out, "DISTINCT ");
        }
        tni_name_list(binder, ast->arguments, out);
    }
    if (ast->order && (ast->argument_count > 0 || !ast->within_group)) {
        tni_text_char(out, ' ');
        tni_name_order(binder, ast->order, out);
    }
    tni_text_char(out, ')');
    if (ast->order && ast->within_group && ast->argument_count == 0) {
        tni_text_add(out, " WITHIN GROUP ( ");
        tni_name_order(binder, ast->order, out);
        tni_text_char(out, ')');
    }
    if (ast->filter) {
        tni_text_add(out, " FILTER (WHERE ");
        tni_name_expr(binder, ast->filter, out);
        tni_text_char(out, ')');
    }
}

/* a AND (b AND c) is one list: the parser balances long chains. */
static void tni_name_chain(tni_binder *binder, const tni_ast_expression *ast, const char *op,
                           tni_text *out) {
    if (ast->kind == TNI_AST_BINARY && strcmp(ast->name, op) == 0) {
        tni_name_chain(binder, ast->left, op, out);
        tni_text_format(out, " %s ", op);
        tni_name_chain(binder, ast->right, op, out);
    } else {
        tni_name_expr(binder, ast, out);
    }
}

static void tni_name_binary(tni_binder *binder, const tni_ast_expression *ast, tni_text *out) {
    tni_text_char(out, '(');
    if (strcmp(ast->name, "AND") == 0 || strcmp(ast->name, "OR") == 0) {
        tni_name_chain(binder, ast, ast->name, out);
    } else {
        tni_name_expr(binder, ast->left, out);
        tni_text_format(out, " %s ", strcmp(ast->name, "<>") == 0 ? "!=" : ast->name);
        tni_name_expr(binder, ast->right, out);
    }
    tni_text_char(out, ')');
}

static void tni_name_like(tni_binder *binder, const tni_ast_expression *ast, tni_text *out) {
    bool similar = strcmp(ast->name, "SIMILAR TO") == 0, escape = ast->arguments != NULL;
    const char *op = strcmp(ast->name, "LIKE") == 0    ? (ast->negated ? "!~~" : "~~")
                     : strcmp(ast->name, "ILIKE") == 0 ? (ast->negated ? "!~~*" : "~~*")
                                                       : "~~~";
    bool negate = ast->negated && (similar || escape || op[0] != '!');
    if (negate) {
        tni_text_add(out, "(NOT ");
    }
    if (similar || escape) {
        tni_text_add(out, similar        ? "regexp_full_match("
                          : op[2] == '*' ? "ilike_escape("
                                         : "like_escape(");
        tni_name_expr(binder, ast->left, out);
        tni_text_add(out, ", ");
        tni_name_expr(binder, ast->right, out);
        if (escape) {
            tni_text_add(out, ", ");
            tni_name_expr(binder, ast->arguments, out);
        }
    } else {
        tni_text_char(out, '(');
        tni_name_expr(binder, ast->left, out);
        tni_text_format(out, " %s ", op);
        tni_name_expr(binder, ast->right, out);
    }
    tni_text_add(out, negate ? "))" : ")");
}

static void tni_name_case(tni_binder *binder, const tni_ast_expression *ast, tni_text *out) {
    const tni_ast_expression *when = ast->arguments;
    tni_text_add(out, "CASE ");
    for (; when && when->next; when = when->next->next) {
        tni_text_add(out, " WHEN (");
        if (ast->left) {
            tni_text_char(out, '(');
            tni_name_expr(binder, ast->left, out);
            tni_text_add(out, " = ");
        }
        tni_name_expr(binder, when, out);
        tni_text_add(out, ast->left ? ")) THEN (" : ") THEN (");
        tni_name_expr(binder, when->next, out);
        tni_text_char(out, ')');
    }
    tni_text_add(out, " ELSE ");
    if (ast->right) {
        tni_name_expr(binder, ast->right, out);
    } else {
        tni_text_add(out, "NULL");
    }
    tni_text_add(out, " END");
}

static void tni_name_cast(tni_binder *binder, const tni_ast_expression *ast, tni_text *out) {
    char type[40], *comma;
    tni_type_print(ast->cast_type.type, type);
    comma = strchr(type, ',');
    tni_text_add(out, ast->negated ? "TRY_CAST(" : "CAST(");
    tni_name_expr(binder, ast->left, out);
    if (comma) { /* DECIMAL(9, 2) */
        *comma = '\0';
        tni_text_format(out, " AS %s, %s)", type, comma + 1);
    } else {
        tni_text_format(out, " AS %s)", type);
    }
}

/* [NOT] around what `print` adds. */
static void tni_name_between_or_in(tni_binder *binder, const tni_ast_expression *ast,
                                   tni_text *out) {
    tni_text_add(out, ast->negated ? "(NOT (" : "(");
    tni_name_expr(binder, ast->left, out);
    if (ast->kind == TNI_AST_BETWEEN) {
        tni_text_add(out, " BETWEEN ");
        tni_name_expr(binder, ast->arguments, out);
        tni_text_add(out, " AND ");
        tni_name_expr(binder, ast->arguments->next, out);
    } else {
        tni_text_add(out, " IN (");
        tni_name_list(binder, ast->arguments, out);
        tni_text_char(out, ')');
    }
    tni_text_add(out, ast->negated ? "))" : ")");
}

/* INTERVAL 3 DAY is a call: to_days(CAST(trunc(CAST(3 AS DOUBLE)) AS INTEGER)). */
static void tni_name_unit_begin(const char *unit, tni_text *out) {
    bool fraction = strcmp(unit, "second") == 0 || strcmp(unit, "millisecond") == 0;
    if (strcmp(unit, "century") == 0) {
        tni_text_add(out, "to_centuries(");
    } else if (strcmp(unit, "millennium") == 0) {
        tni_text_add(out, "to_millennia(");
    } else {
        tni_text_format(out, "to_%ss(", unit);
    }
    tni_text_add(out, fraction ? "CAST(" : "CAST(trunc(CAST(");
}

static void tni_name_unit_end(const char *unit, tni_text *out) {
    bool fraction = strcmp(unit, "second") == 0 || strcmp(unit, "millisecond") == 0;
    bool wide = strcmp(unit, "hour") == 0 || strcmp(unit, "minute") == 0 ||
                strcmp(unit, "microsecond") == 0;
    tni_text_add(out, fraction ? " AS DOUBLE))"
                      : wide   ? " AS DOUBLE)) AS BIGINT))"
                               : " AS DOUBLE)) AS INTEGER))");
}

static void tni_name_interval(const tni_ast_expression *ast, tni_text *out) {
    char buffer[96];
    if (!ast->text) {
        tni_print_interval(ast->value.interval, buffer);
        tni_text_format(out, "CAST('%s' AS INTERVAL)", buffer);
        return;
    }
    if (ast->name) {
        tni_name_unit_begin(ast->name, out);
    } else {
        tni_text_add(out, "CAST(");
    }
    if (ast->negated) { /* a number */
        tni_text_append(out, ast->text, ast->text_length);
    } else {
        tni_name_string(ast->text, ast->text_length, out);
    }
    if (ast->name) {
        tni_name_unit_end(ast->name, out);
    } else {
        tni_text_add(out, " AS INTERVAL)");
    }
}

static void tni_name_literal(const tni_ast_expression *ast, tni_text *out) {
    char buffer[96];
    size_t at;
    switch (ast->kind) {
    case TNI_AST_NULL: tni_text_add(out, "NULL"); break;
    case TNI_AST_BOOLEAN: tni_text_add(out, ast->value.integer ? "true" : "false"); break;
    case TNI_AST_INTEGER:
        tni_print_i64(ast->value.integer, buffer);
        tni_text_add(out, buffer);
        break;
    case TNI_AST_DOUBLE:
        if (ast->name) { /* as it is written */
            tni_text_add(out, ast->name);
        } else {
            tni_print_double(ast->value.number, buffer);
            tni_text_add(out, buffer);
        }
        break;
    case TNI_AST_STRING:
        at = out->length;
        tni_name_string(ast->text, ast->text_length, out);
        for (; ast->negated && at < out->length; at++) { /* EXTRACT(year FROM d) */
            char c = out->data[at];
            out->data[at] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
        }
        break;
    case TNI_AST_BLOB: tni_text_add(out, "BLOB"); break;
    case TNI_AST_INTERVAL: tni_name_interval(ast, out); break;
    case TNI_AST_PARAMETER:
        if (ast->name) {
            tni_text_format(out, "$%s", ast->name);
        } else {
            tni_text_format(out, "$%lld", (long long)ast->value.integer);
        }
        break;
    default: tni_text_add(out, ast->name ? ast->name : "?"); break;
    }
}

static void tni_name_column(const tni_ast_expression *ast, tni_text *out) {
    if (ast->qualifier) {
        tni_name_identifier(ast->qualifier, out);
        tni_text_char(out, '.');
    }
    tni_name_identifier(ast->name, out);
}

static void tni_name_switch(tni_binder *binder, const tni_ast_expression *ast, tni_text *out) {
    switch (ast->kind) {
    case TNI_AST_COLUMN: tni_name_column(ast, out); break;
    case TNI_AST_STAR: tni_text_char(out, '*'); break;
    case TNI_AST_CALL: tni_name_call(binder, ast, out); break;
    case TNI_AST_UNARY:
        tni_text_add(out, strcmp(ast->name, "NOT") == 0 ? "(NOT " : "(");
        if (strcmp(ast->name, "NOT") != 0) {
            tni_text_format(out, "%s(", ast->name);
        }
        tni_name_expr(binder, ast->left, out);
        tni_text_add(out, strcmp(ast->name, "NOT") == 0 ? ")" : "))");
        break;
    case TNI_AST_BINARY: tni_name_binary(binder, ast, out); break;
    case TNI_AST_IS_NULL:
        tni_text_char(out, '(');
        tni_name_expr(binder, ast->left, out);
        tni_text_add(out, ast->negated ? " IS NOT NULL)" : " IS NULL)");
        break;
    case TNI_AST_IS_BOOL:
        tni_text_add(out, ast->value.integer < 0 ? "(" : "(CAST(");
        tni_name_expr(binder, ast->left, out);
        if (ast->value.integer < 0) {
            tni_text_add(out, ast->negated ? " IS NOT NULL)" : " IS NULL)");
        } else {
            tni_text_format(out, " AS BOOLEAN) IS %sDISTINCT FROM %s)", ast->negated ? "" : "NOT ",
                            ast->value.integer == 0 ? "false" : "true");
        }
        break;
    case TNI_AST_BETWEEN:
    case TNI_AST_IN_LIST: tni_name_between_or_in(binder, ast, out); break;
    case TNI_AST_LIKE: tni_name_like(binder, ast, out); break;
    case TNI_AST_CASE: tni_name_case(binder, ast, out); break;
    case TNI_AST_CAST: tni_name_cast(binder, ast, out); break;
    case TNI_AST_INTERVAL_OF:
        tni_name_unit_begin(ast->name, out);
        tni_name_expr(binder, ast->left, out);
        tni_name_unit_end(ast->name, out);
        break;
    default: tni_name_literal(ast, out); break;
    }
}

static void tni_name_expr(tni_binder *binder, const tni_ast_expression *ast, tni_text *out) {
    if (out->length > TNI_NAME_LONGEST) {
        return;
    }
    tni_name_switch(binder, ast, out);
}

TNI_FN const char *tni_bind_name(tni_binder *binder, const tni_ast_expression *ast) {
    tni_text text;
    char *name;
    if (ast->alias) {
        return ast->alias;
    }
    if (ast->kind == TNI_AST_COLUMN) {
        return ast->name;
    }
    tni_text_init(&text, binder->env->memory);
    tni_name_expr(binder, ast, &text);
    name =
        text.failed ? NULL : tni_arena_text(binder->arena, text.data ? text.data : "", text.length);
    if (!name) {
        (void)tni_memory_fail(binder->env->memory, text.length, binder->error);
    }
    tni_text_free(&text);
    return name;
}

#undef TNI_NAME_LONGEST
