/*
 * hive.c - the keys in paths such as sales/year=2024/month=1/a.parquet.
 *
 * A folder names a key when it holds exactly one '='; %41 in a value is the byte it stands for.
 * A key that a path names twice (case aside) has its first value. The text of a value is kept
 * until all are known, then every value of a key is read as one type.
 *
 * Uses: base/, column/type.h.
 */
#include "format/files.h"

#define TNI_HIVE_MOST_KEYS 64u
#define TNI_HIVE_NULL "__HIVE_DEFAULT_PARTITION__"

typedef struct tni_hive_key {
    const char *name, *value; /* in the path */
    size_t name_length, value_length;
} tni_hive_key;

static bool tni_hive_is_separator(char c) {
    return c == '/' || c == '\\';
}

static bool tni_hive_same(const tni_hive_key *a, const tni_hive_key *b) {
    return tni_name_equal_n(a->name, a->name_length, b->name, b->name_length);
}

static int tni_hive_compare(const tni_hive_key *a, const tni_hive_key *b) {
    int order = memcmp(a->name, b->name, TNI_MIN(a->name_length, b->name_length));
    return order ? order : (a->name_length > b->name_length) - (a->name_length < b->name_length);
}

/* A folder of a path as a key, put where it belongs among those before. */
static uint32_t tni_hive_add(tni_hive_key *keys, uint32_t count, const char *folder,
                             const char *end) {
    const char *equal = (const char *)memchr(folder, '=', (size_t)(end - folder));
    tni_hive_key key;
    uint32_t i;
    if (!equal || equal == folder || count == TNI_HIVE_MOST_KEYS ||
        memchr(equal + 1, '=', (size_t)(end - equal - 1))) {
        return count;
    }
    key.name = folder;
    key.name_length = (size_t)(equal - folder);
    key.value = equal + 1;
    key.value_length = (size_t)(end - equal - 1);
    for (i = 0; i < count; i++) {
        if (tni_hive_same(&keys[i], &key)) {
            return count;
        }
    }
    for (i = count; i > 0 && tni_hive_compare(&keys[i - 1], &key) > 0; i--) {
        keys[i] = keys[i - 1];
    }
    keys[i] = key;
    return count + 1;
}

/* The keys of a path, sorted; what follows the last separator is the file. */
static uint32_t tni_hive_keys(const char *path, tni_hive_key keys[TNI_HIVE_MOST_KEYS]) {
    const char *folder = path, *p;
    uint32_t count = 0;
    for (p = path; *p; p++) {
        if (tni_hive_is_separator(*p)) {
            count = tni_hive_add(keys, count, folder, p);
            folder = p + 1;
        }
    }
    return count;
}

/* ---- values ---- */

static int tni_hive_hex(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool tni_hive_text(tni_arena *arena, const tni_hive_key *key, tni_value *out) {
    tni_type type = tni_type_make(TRUENO_TYPE_VARCHAR);
    size_t length = 0, i;
    char *text;
    *out = tni_value_null(type);
    if (key->value_length == sizeof TNI_HIVE_NULL - 1 &&
        memcmp(key->value, TNI_HIVE_NULL, key->value_length) == 0) {
        return true;
    }
    text = tni_arena_text(arena, key->value, key->value_length);
    if (!text) {
        return false;
    }
    for (i = 0; i < key->value_length; i++, length++) {
        int high = -1, low = -1;
        if (text[i] == '%' && key->value_length - i > 2) {
            high = tni_hive_hex(text[i + 1]);
            low = tni_hive_hex(text[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            text[length] = (char)(high * 16 + low);
            i += 2;
        } else {
            text[length] = text[i];
        }
    }
    if (!tni_utf8_valid(text, length)) { /* what is written is text, at least */
        memcpy(text, key->value, key->value_length);
        length = key->value_length;
    }
    *out = tni_value_string(type, tni_string_make(text, (uint32_t)length));
    return true;
}

/* A value as BIGINT or DATE, when it would be printed the way it is written. */
static bool tni_hive_read(const tni_value *text, trueno_type type, tni_value *out) {
    const char *data = (const char *)tni_string_data(&text->as.string);
    size_t length = text->as.string.length, printed;
    char print[32];
    int64_t number;
    int32_t days;
    if (text->is_null) {
        *out = tni_value_null(tni_type_make(type));
        return true;
    }
    if (type == TRUENO_TYPE_DATE) {
        if (!tni_parse_date(data, length, &days)) {
            return false;
        }
        number = days;
        printed = tni_print_date(days, print);
    } else {
        if (!tni_parse_i64(data, length, &number)) {
            return false;
        }
        printed = tni_print_i64(number, print);
    }
    *out = tni_value_i64(tni_type_make(type), number);
    return printed == length && memcmp(print, data, length) == 0;
}

/* Give every value of a column the type that fits them all. */
static bool tni_hive_type(tni_arena *arena, tni_value *values, uint32_t count, tni_type *type) {
    static const trueno_type types[] = {TRUENO_TYPE_BIGINT, TRUENO_TYPE_DATE};
    tni_value *typed = (tni_value *)tni_arena_alloc(arena, count * sizeof *typed);
    uint32_t i, t, known = 0;
    if (!typed) {
        return false;
    }
    for (i = 0; i < count; i++) {
        known += values[i].is_null ? 0u : 1u;
    }
    for (t = 0; known && t < TNI_COUNT_OF(types); t++) {
        for (i = 0; i < count && tni_hive_read(&values[i], types[t], &typed[i]); i++) {
        }
        if (i == count) {
            memcpy(values, typed, count * sizeof *values);
            *type = tni_type_make(types[t]);
            break;
        }
    }
    return true;
}

static bool tni_hive_fill(tni_arena *arena, const char *const *paths, uint32_t path_count,
                          uint32_t at, bool detect, tni_file_column *column) {
    tni_hive_key keys[TNI_HIVE_MOST_KEYS];
    tni_value *values = (tni_value *)tni_arena_alloc(arena, path_count * sizeof *values);
    uint32_t i;
    if (!values) {
        return false;
    }
    for (i = 0; i < path_count; i++) {
        (void)tni_hive_keys(paths[i], keys);
        if (i == 0) {
            column->name = tni_arena_text(arena, keys[at].name, keys[at].name_length);
        }
        if (!column->name || !tni_hive_text(arena, &keys[at], &values[i])) {
            return false;
        }
    }
    column->type = tni_type_make(TRUENO_TYPE_VARCHAR);
    column->values = values;
    return !detect || tni_hive_type(arena, values, path_count, &column->type);
}

TNI_FN bool tni_hive_columns(tni_arena *arena, const char *const *paths, uint32_t path_count,
                             bool detect, tni_file_column **out, uint32_t *count,
                             uint32_t *differs) {
    tni_hive_key first[TNI_HIVE_MOST_KEYS], other[TNI_HIVE_MOST_KEYS];
    uint32_t keys = path_count ? tni_hive_keys(paths[0], first) : 0, i, k;
    *out = NULL;
    *count = 0;
    *differs = UINT32_MAX;
    for (i = 1; i < path_count; i++) {
        bool same = tni_hive_keys(paths[i], other) == keys;
        for (k = 0; same && k < keys; k++) {
            same = tni_hive_same(&first[k], &other[k]);
        }
        if (!same) {
            *differs = i;
            return true;
        }
    }
    if (keys == 0) {
        return true;
    }
    *out = (tni_file_column *)tni_arena_alloc(arena, keys * sizeof **out);
    if (!*out) {
        return false;
    }
    for (k = 0; k < keys; k++) {
        if (!tni_hive_fill(arena, paths, path_count, k, detect, &(*out)[k])) {
            return false;
        }
    }
    *count = keys;
    return true;
}

#undef TNI_HIVE_MOST_KEYS
#undef TNI_HIVE_NULL
