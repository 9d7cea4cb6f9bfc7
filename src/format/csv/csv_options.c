/*
 * csv_options.c - the options of read_csv and COPY by their SQL names.
 *
 * One table: name, what the value must be, where it goes. Aliases are rows of their own. Options
 * that only steer another engine's machinery are accepted and mean nothing; options that would
 * change the answer and are not there are refused by name.
 *
 * Uses: csv.h, input.h.
 */
#include "format/csv/csv_parts.h"

TNI_FN void tni_csv_options_init(tni_csv_options *options, tni_arena *arena) {
    memset(options, 0, sizeof *options);
    options->arena = arena;
}

typedef enum tni_csv_option_kind {
    TNI_CSV_OPTION_DELIMITER,
    TNI_CSV_OPTION_QUOTE,
    TNI_CSV_OPTION_ESCAPE,
    TNI_CSV_OPTION_COMMENT,
    TNI_CSV_OPTION_HEADER,
    TNI_CSV_OPTION_SKIP,
    TNI_CSV_OPTION_NULL,
    TNI_CSV_OPTION_DATE,
    TNI_CSV_OPTION_TIMESTAMP,
    TNI_CSV_OPTION_DECIMAL,
    TNI_CSV_OPTION_THOUSANDS,
    TNI_CSV_OPTION_SAMPLE,
    TNI_CSV_OPTION_ALL_VARCHAR,
    TNI_CSV_OPTION_IGNORE_ERRORS,
    TNI_CSV_OPTION_NULL_PADDING,
    TNI_CSV_OPTION_STRICT,
    TNI_CSV_OPTION_DETECT,
    TNI_CSV_OPTION_QUOTED_NULLS,
    TNI_CSV_OPTION_UNION,
    TNI_CSV_OPTION_PARALLEL,
    TNI_CSV_OPTION_LINE,
    TNI_CSV_OPTION_ENCODING,
    TNI_CSV_OPTION_COMPRESSION,
    TNI_CSV_OPTION_COLUMNS,
    TNI_CSV_OPTION_TYPES,
    TNI_CSV_OPTION_NAMES,
    TNI_CSV_OPTION_NOT_NULL,
    TNI_CSV_OPTION_NOTHING, /* accepted, without effect */
    TNI_CSV_OPTION_FALSE    /* known, supported only when false */
} tni_csv_option_kind;

typedef struct tni_csv_option_entry {
    const char *name;
    uint8_t kind;
} tni_csv_option_entry;

static const tni_csv_option_entry tni_csv_option_table[] = {
    {"delim", TNI_CSV_OPTION_DELIMITER},
    {"sep", TNI_CSV_OPTION_DELIMITER},
    {"delimiter", TNI_CSV_OPTION_DELIMITER},
    {"quote", TNI_CSV_OPTION_QUOTE},
    {"escape", TNI_CSV_OPTION_ESCAPE},
    {"comment", TNI_CSV_OPTION_COMMENT},
    {"header", TNI_CSV_OPTION_HEADER},
    {"skip", TNI_CSV_OPTION_SKIP},
    {"nullstr", TNI_CSV_OPTION_NULL},
    {"null", TNI_CSV_OPTION_NULL},
    {"dateformat", TNI_CSV_OPTION_DATE},
    {"date_format", TNI_CSV_OPTION_DATE},
    {"timestampformat", TNI_CSV_OPTION_TIMESTAMP},
    {"timestamp_format", TNI_CSV_OPTION_TIMESTAMP},
    {"decimal_separator", TNI_CSV_OPTION_DECIMAL},
    {"thousands", TNI_CSV_OPTION_THOUSANDS},
    {"sample_size", TNI_CSV_OPTION_SAMPLE},
    {"all_varchar", TNI_CSV_OPTION_ALL_VARCHAR},
    {"ignore_errors", TNI_CSV_OPTION_IGNORE_ERRORS},
    {"null_padding", TNI_CSV_OPTION_NULL_PADDING},
    {"strict_mode", TNI_CSV_OPTION_STRICT},
    {"auto_detect", TNI_CSV_OPTION_DETECT},
    {"allow_quoted_nulls", TNI_CSV_OPTION_QUOTED_NULLS},
    {"union_by_name", TNI_CSV_OPTION_UNION},
    {"parallel", TNI_CSV_OPTION_PARALLEL},
    {"max_line_size", TNI_CSV_OPTION_LINE},
    {"maximum_line_size", TNI_CSV_OPTION_LINE},
    {"encoding", TNI_CSV_OPTION_ENCODING},
    {"compression", TNI_CSV_OPTION_COMPRESSION},
    {"columns", TNI_CSV_OPTION_COLUMNS},
    {"types", TNI_CSV_OPTION_TYPES},
    {"dtypes", TNI_CSV_OPTION_TYPES},
    {"column_types", TNI_CSV_OPTION_TYPES},
    {"names", TNI_CSV_OPTION_NAMES},
    {"column_names", TNI_CSV_OPTION_NAMES},
    {"force_not_null", TNI_CSV_OPTION_NOT_NULL},
    {"new_line", TNI_CSV_OPTION_NOTHING},
    {"buffer_size", TNI_CSV_OPTION_NOTHING},
    {"preserve_order", TNI_CSV_OPTION_NOTHING},
    {"normalize_names", TNI_CSV_OPTION_FALSE},
    {"filename", TNI_CSV_OPTION_FALSE},
    {"hive_partitioning", TNI_CSV_OPTION_FALSE},
    {"store_rejects", TNI_CSV_OPTION_FALSE},
};

TNI_FN void tni_csv_option_names(bool (*visit)(void *user, const char *name), void *user) {
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(tni_csv_option_table); i++) {
        if (!visit(user, tni_csv_option_table[i].name)) {
            return;
        }
    }
}

/* --------------------------------------------------------------------------------- values --- */

static trueno_status tni_csv_bad_value(const char *name, const char *wanted, tni_error *error) {
    return tni_fail(error, TRUENO_ERROR_BINDER, "option %s: %s expected", name, wanted);
}

/* Any single value as text, NUL-terminated in the arena. */
static trueno_status tni_csv_item_text(tni_csv_options *options, const char *name,
                                       const tni_value *item, const char **out, size_t *length,
                                       tni_error *error) {
    tni_text text;
    *out = NULL;
    if (item->is_null) {
        return tni_csv_bad_value(name, "a text, not NULL,", error);
    }
    tni_text_init(&text, options->arena->memory);
    if (tni_type_is_string(item->type)) {
        tni_text_append(&text, tni_string_data(&item->as.string), item->as.string.length);
    } else {
        tni_value_print(item, &text);
    }
    if (!text.failed) {
        *out = tni_arena_text(options->arena, text.length > 0 ? text.data : "", text.length);
        *length = text.length;
    }
    tni_text_free(&text);
    return *out != NULL ? TRUENO_OK : tni_fail_memory(error, 64);
}

static trueno_status tni_csv_text_setting(tni_csv_options *options, const char *name,
                                          const tni_csv_setting *value, const char **out,
                                          size_t *length, tni_error *error) {
    if (value->count != 1 || value->is_list) {
        return tni_csv_bad_value(name, "one text", error);
    }
    return tni_csv_item_text(options, name, value->items, out, length, error);
}

static trueno_status tni_csv_bool_setting(tni_csv_options *options, const char *name,
                                          const tni_csv_setting *value, bool *out,
                                          tni_error *error) {
    const char *text;
    size_t length;
    *out = true;
    if (value->count == 0 && !value->is_list) {
        return TRUENO_OK; /* COPY: the bare word */
    }
    TNI_TRY(tni_csv_text_setting(options, name, value, &text, &length, error));
    return tni_parse_bool(text, length, out) ? TRUENO_OK
                                             : tni_csv_bad_value(name, "true or false", error);
}

static trueno_status tni_csv_count_setting(tni_csv_options *options, const char *name,
                                           const tni_csv_setting *value, int64_t *out,
                                           tni_error *error) {
    const char *text;
    size_t length;
    TNI_TRY(tni_csv_text_setting(options, name, value, &text, &length, error));
    return tni_parse_i64(text, length, out) ? TRUENO_OK
                                            : tni_csv_bad_value(name, "a whole number", error);
}

/* One byte, or none for the empty text. */
static trueno_status tni_csv_char_setting(tni_csv_options *options, const char *name,
                                          const tni_csv_setting *value, char *out,
                                          tni_error *error) {
    const char *text;
    size_t length;
    TNI_TRY(tni_csv_text_setting(options, name, value, &text, &length, error));
    if (length == 2 && text[0] == '\\' && text[1] == 't') {
        *out = '\t';
        return TRUENO_OK;
    }
    if (length > 1 || (length == 1 && (text[0] == '\n' || text[0] == '\r' ||
                                       (uint8_t)text[0] >= 0x80 || text[0] == '\0'))) {
        return tni_csv_bad_value(name, "one ASCII character, no newline, or the empty text",
                                 error);
    }
    *out = length == 1 ? text[0] : '\0';
    return TRUENO_OK;
}

static trueno_status tni_csv_delimiter_setting(tni_csv_options *options, const char *name,
                                               const tni_csv_setting *value, tni_error *error) {
    const char *text;
    size_t length, i;
    TNI_TRY(tni_csv_text_setting(options, name, value, &text, &length, error));
    if (length == 2 && text[0] == '\\' && text[1] == 't') {
        text = "\t";
        length = 1;
    }
    for (i = 0; i < length; i++) {
        if (text[i] == '\n' || text[i] == '\r' || text[i] == '\0') {
            length = 0;
        }
    }
    if (length < 1 || length > 4) {
        return tni_csv_bad_value(name, "1 to 4 bytes without a newline", error);
    }
    memset(options->delimiter, 0, sizeof options->delimiter);
    memcpy(options->delimiter, text, length);
    return TRUENO_OK;
}

static trueno_status tni_csv_texts_setting(tni_csv_options *options, const char *name,
                                           const tni_csv_setting *value, const char ***out,
                                           uint32_t *count, tni_error *error) {
    uint32_t i;
    size_t length;
    *count = 0;
    *out = (const char **)tni_arena_alloc(options->arena, TNI_MAX(value->count, 1u) * sizeof **out);
    if (*out == NULL) {
        return tni_fail_memory(error, value->count * sizeof **out);
    }
    for (i = 0; i < value->count; i++) {
        TNI_TRY(tni_csv_item_text(options, name, &value->items[i], &(*out)[i], &length, error));
    }
    *count = value->count;
    return TRUENO_OK;
}

static trueno_status tni_csv_null_setting(tni_csv_options *options, const char *name,
                                          const tni_csv_setting *value, tni_error *error) {
    const char **texts;
    uint32_t count, i;
    TNI_TRY(tni_csv_texts_setting(options, name, value, &texts, &count, error));
    if (count > TNI_CSV_MOST_NULL_STRINGS) {
        return tni_csv_bad_value(name, "at most 16 texts", error);
    }
    for (i = 0; i < count; i++) {
        options->null_strings[i] = texts[i];
    }
    options->null_count = count;
    options->null_set = true;
    return TRUENO_OK;
}

/* {'name': 'TYPE', ...} or, where `by_position`, ['TYPE', ...] */
static trueno_status tni_csv_columns_setting(tni_csv_options *options, const char *name,
                                             const tni_csv_setting *value, bool by_position,
                                             tni_csv_column **out, uint32_t *count,
                                             tni_error *error) {
    uint32_t i;
    size_t length;
    tni_type type;
    *count = 0;
    if (value->count == 0 || (value->keys == NULL && (!by_position || !value->is_list))) {
        return tni_csv_bad_value(name, by_position ? "{'column': 'TYPE', ...} or ['TYPE', ...]"
                                                   : "{'column': 'TYPE', ...}",
                                 error);
    }
    *out = (tni_csv_column *)tni_arena_alloc(options->arena, value->count * sizeof **out);
    if (*out == NULL) {
        return tni_fail_memory(error, value->count * sizeof **out);
    }
    for (i = 0; i < value->count; i++) {
        TNI_TRY(tni_csv_item_text(options, name, &value->items[i], &(*out)[i].type, &length,
                                  error));
        if (!tni_csv_type_parse((*out)[i].type, &type)) {
            return tni_fail(error, TRUENO_ERROR_BINDER, "option %s: unknown type \"%s\"", name,
                            (*out)[i].type);
        }
        if (value->keys != NULL) {
            (*out)[i].name =
                tni_arena_text(options->arena, value->keys[i], strlen(value->keys[i]));
            if ((*out)[i].name == NULL) {
                return tni_fail_memory(error, strlen(value->keys[i]));
            }
        }
    }
    *count = value->count;
    return TRUENO_OK;
}

static trueno_status tni_csv_named_setting(tni_csv_options *options, const char *name,
                                           const tni_csv_setting *value, bool encoding,
                                           tni_error *error) {
    const char *text;
    size_t length;
    TNI_TRY(tni_csv_text_setting(options, name, value, &text, &length, error));
    if (encoding ? tni_input_charset_by_name(text, length, &options->charset)
                 : tni_input_packing_by_name(text, length, &options->packing)) {
        return TRUENO_OK;
    }
    return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "option %s: \"%s\" is not supported; %s",
                    name, text,
                    encoding ? "utf-8, utf-16, latin-1 and cp1252 are"
                             : "auto, none, gzip and zstd are");
}

/* ---------------------------------------------------------------------------- the function --- */

static trueno_status tni_csv_flag_option(tni_csv_options *options, uint8_t kind, const char *name,
                                         const tni_csv_setting *value, tni_error *error) {
    bool flag;
    TNI_TRY(tni_csv_bool_setting(options, name, value, &flag, error));
    switch (kind) {
    case TNI_CSV_OPTION_HEADER: options->header = flag ? TNI_CSV_YES : TNI_CSV_NO; break;
    case TNI_CSV_OPTION_ALL_VARCHAR: options->all_varchar = flag; break;
    case TNI_CSV_OPTION_IGNORE_ERRORS: options->ignore_errors = flag; break;
    case TNI_CSV_OPTION_NULL_PADDING: options->null_padding = flag; break;
    case TNI_CSV_OPTION_STRICT: options->relaxed = !flag; break;
    case TNI_CSV_OPTION_DETECT: options->no_detection = !flag; break;
    case TNI_CSV_OPTION_QUOTED_NULLS: options->quoted_never_null = !flag; break;
    case TNI_CSV_OPTION_UNION: options->union_by_name = flag; break;
    case TNI_CSV_OPTION_PARALLEL: options->serial = !flag; break;
    default:
        if (flag) {
            return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "option %s is not supported for CSV",
                            name);
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_csv_set_option(tni_csv_options *options, uint8_t kind, const char *name,
                                        const tni_csv_setting *value, tni_error *error) {
    int64_t number;
    size_t length;
    switch (kind) {
    case TNI_CSV_OPTION_DELIMITER: return tni_csv_delimiter_setting(options, name, value, error);
    case TNI_CSV_OPTION_QUOTE:
        options->quote_set = true;
        return tni_csv_char_setting(options, name, value, &options->quote, error);
    case TNI_CSV_OPTION_ESCAPE:
        options->escape_set = true;
        return tni_csv_char_setting(options, name, value, &options->escape, error);
    case TNI_CSV_OPTION_COMMENT:
        return tni_csv_char_setting(options, name, value, &options->comment, error);
    case TNI_CSV_OPTION_THOUSANDS:
        return tni_csv_char_setting(options, name, value, &options->thousands, error);
    case TNI_CSV_OPTION_DECIMAL:
        TNI_TRY(tni_csv_char_setting(options, name, value, &options->decimal_separator, error));
        return options->decimal_separator == '.' || options->decimal_separator == ','
                   ? TRUENO_OK
                   : tni_csv_bad_value(name, "'.' or ','", error);
    case TNI_CSV_OPTION_SKIP:
        TNI_TRY(tni_csv_count_setting(options, name, value, &number, error));
        options->skip = number < 0 ? 0 : (uint64_t)number;
        options->skip_set = true;
        return number < 0 ? tni_csv_bad_value(name, "0 or more", error) : TRUENO_OK;
    case TNI_CSV_OPTION_SAMPLE:
        TNI_TRY(tni_csv_count_setting(options, name, value, &number, error));
        options->sample_rows = number < 0 ? UINT64_MAX : (uint64_t)number;
        return number == 0 || number < -1 ? tni_csv_bad_value(name, "-1, or 1 and more", error)
                                          : TRUENO_OK;
    case TNI_CSV_OPTION_LINE:
        TNI_TRY(tni_csv_count_setting(options, name, value, &number, error));
        options->max_record = number <= 0 ? 0 : (uint64_t)number;
        return number <= 0 ? tni_csv_bad_value(name, "1 or more", error) : TRUENO_OK;
    case TNI_CSV_OPTION_NULL: return tni_csv_null_setting(options, name, value, error);
    case TNI_CSV_OPTION_DATE:
        return tni_csv_text_setting(options, name, value, &options->date_format, &length, error);
    case TNI_CSV_OPTION_TIMESTAMP:
        return tni_csv_text_setting(options, name, value, &options->timestamp_format, &length,
                                    error);
    case TNI_CSV_OPTION_ENCODING:
        return tni_csv_named_setting(options, name, value, true, error);
    case TNI_CSV_OPTION_COMPRESSION:
        return tni_csv_named_setting(options, name, value, false, error);
    case TNI_CSV_OPTION_COLUMNS:
        return tni_csv_columns_setting(options, name, value, false, &options->columns,
                                       &options->column_count, error);
    case TNI_CSV_OPTION_TYPES:
        return tni_csv_columns_setting(options, name, value, true, &options->types,
                                       &options->type_count, error);
    case TNI_CSV_OPTION_NAMES:
        return tni_csv_texts_setting(options, name, value, &options->names, &options->name_count,
                                     error);
    case TNI_CSV_OPTION_NOT_NULL:
        return tni_csv_texts_setting(options, name, value, &options->not_null,
                                     &options->not_null_count, error);
    case TNI_CSV_OPTION_NOTHING: return TRUENO_OK;
    default: return tni_csv_flag_option(options, kind, name, value, error);
    }
}

TNI_FN trueno_status tni_csv_option(tni_csv_options *options, const char *name,
                                    const tni_csv_setting *value, tni_error *error) {
    const char *closest = NULL;
    uint32_t best = 4;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(tni_csv_option_table); i++) {
        const tni_csv_option_entry *entry = &tni_csv_option_table[i];
        uint32_t distance;
        if (tni_name_equal(entry->name, name)) {
            return tni_csv_set_option(options, entry->kind, entry->name, value, error);
        }
        distance = tni_edit_distance(name, entry->name, best);
        if (distance < best) {
            best = distance;
            closest = entry->name;
        }
    }
    return tni_fail(error, TRUENO_ERROR_BINDER, "CSV has no option \"%s\"%s%s%s", name,
                    closest != NULL ? "; did you mean \"" : "", closest != NULL ? closest : "",
                    closest != NULL ? "\"?" : "");
}

TNI_FN trueno_status tni_csv_option_value(tni_csv_options *options, const char *name,
                                          const tni_value *value, tni_error *error) {
    tni_csv_setting setting = TNI_ZERO;
    setting.items = value;
    setting.count = 1;
    return tni_csv_option(options, name, &setting, error);
}
