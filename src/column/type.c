/*
 * type.c - types by name, and single values: store, load, compare, print.
 *
 * A tni_value keeps every type widened (int64, double, 128-bit); tni_value_store narrows it to
 * the physical form that columns hold and tni_value_load widens it again. Printing follows
 * DuckDB's shell. Uses base/ only; nothing here allocates but the tni_text it appends to.
 */
#include "column/type.h"

typedef struct tni_type_name {
    const char *name;
    uint8_t id;
} tni_type_name;

static const char *const tni_type_names[TRUENO_TYPE_COUNT] = {
#define TNI_TYPE_TEXT(id, name) name,
    TRUENO_TYPE_LIST(TNI_TYPE_TEXT)
#undef TNI_TYPE_TEXT
};

/* Every other spelling; the names of TRUENO_TYPE_LIST come first in the search. */
static const tni_type_name tni_type_aliases[] = {
    {"int", TRUENO_TYPE_INTEGER},
    {"int4", TRUENO_TYPE_INTEGER},
    {"int32", TRUENO_TYPE_INTEGER},
    {"signed", TRUENO_TYPE_INTEGER},
    {"integral", TRUENO_TYPE_INTEGER},
    {"int8", TRUENO_TYPE_BIGINT},
    {"int64", TRUENO_TYPE_BIGINT},
    {"long", TRUENO_TYPE_BIGINT},
    {"oid", TRUENO_TYPE_BIGINT},
    {"int2", TRUENO_TYPE_SMALLINT},
    {"int16", TRUENO_TYPE_SMALLINT},
    {"short", TRUENO_TYPE_SMALLINT},
    {"int1", TRUENO_TYPE_TINYINT},
    {"int128", TRUENO_TYPE_HUGEINT},
    {"uint8", TRUENO_TYPE_UTINYINT},
    {"uint16", TRUENO_TYPE_USMALLINT},
    {"uint32", TRUENO_TYPE_UINTEGER},
    {"uint64", TRUENO_TYPE_UBIGINT},
    {"bool", TRUENO_TYPE_BOOLEAN},
    {"logical", TRUENO_TYPE_BOOLEAN},
    {"real", TRUENO_TYPE_FLOAT},
    {"float4", TRUENO_TYPE_FLOAT},
    {"float8", TRUENO_TYPE_DOUBLE},
    {"double precision", TRUENO_TYPE_DOUBLE},
    {"numeric", TRUENO_TYPE_DECIMAL},
    {"dec", TRUENO_TYPE_DECIMAL},
    {"time without time zone", TRUENO_TYPE_TIME},
    {"datetime", TRUENO_TYPE_TIMESTAMP},
    {"timestamp_us", TRUENO_TYPE_TIMESTAMP},
    {"timestamp without time zone", TRUENO_TYPE_TIMESTAMP},
    {"timestamptz", TRUENO_TYPE_TIMESTAMP_TZ},
    {"text", TRUENO_TYPE_VARCHAR},
    {"string", TRUENO_TYPE_VARCHAR},
    {"char", TRUENO_TYPE_VARCHAR},
    {"bpchar", TRUENO_TYPE_VARCHAR},
    {"nvarchar", TRUENO_TYPE_VARCHAR},
    {"character", TRUENO_TYPE_VARCHAR},
    {"character varying", TRUENO_TYPE_VARCHAR},
    {"char varying", TRUENO_TYPE_VARCHAR},
    {"bytea", TRUENO_TYPE_BLOB},
    {"binary", TRUENO_TYPE_BLOB},
    {"varbinary", TRUENO_TYPE_BLOB},
};

/* DECIMAL without arguments, as DuckDB has it. */
#define TNI_TYPE_DECIMAL_PRECISION 18
#define TNI_TYPE_DECIMAL_SCALE 3

TNI_FN tni_physical tni_type_physical(tni_type type) {
    static const uint8_t physical[TRUENO_TYPE_COUNT] = {
        TNI_PHYSICAL_BOOL,     /* NULL */
        TNI_PHYSICAL_BOOL,     /* BOOLEAN */
        TNI_PHYSICAL_I8,       /* TINYINT */
        TNI_PHYSICAL_I16,      /* SMALLINT */
        TNI_PHYSICAL_I32,      /* INTEGER */
        TNI_PHYSICAL_I64,      /* BIGINT */
        TNI_PHYSICAL_U8,       /* UTINYINT */
        TNI_PHYSICAL_U16,      /* USMALLINT */
        TNI_PHYSICAL_U32,      /* UINTEGER */
        TNI_PHYSICAL_U64,      /* UBIGINT */
        TNI_PHYSICAL_I128,     /* HUGEINT */
        TNI_PHYSICAL_F32,      /* FLOAT */
        TNI_PHYSICAL_F64,      /* DOUBLE */
        TNI_PHYSICAL_I64,      /* DECIMAL up to 18 digits */
        TNI_PHYSICAL_I32,      /* DATE */
        TNI_PHYSICAL_I64,      /* TIME */
        TNI_PHYSICAL_I64,      /* TIMESTAMP_S */
        TNI_PHYSICAL_I64,      /* TIMESTAMP_MS */
        TNI_PHYSICAL_I64,      /* TIMESTAMP */
        TNI_PHYSICAL_I64,      /* TIMESTAMP_NS */
        TNI_PHYSICAL_I64,      /* TIMESTAMP_TZ */
        TNI_PHYSICAL_INTERVAL, /* INTERVAL */
        TNI_PHYSICAL_STRING,   /* VARCHAR */
        TNI_PHYSICAL_STRING,   /* BLOB */
    };
    if (type.id == TRUENO_TYPE_DECIMAL && type.precision > 18) {
        return TNI_PHYSICAL_I128;
    }
    return type.id < TRUENO_TYPE_COUNT ? (tni_physical)physical[type.id] : TNI_PHYSICAL_BOOL;
}

TNI_FN uint32_t tni_physical_width(tni_physical physical) {
    static const uint8_t width[TNI_PHYSICAL_COUNT] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 16, 4, 8, 16, 16};
    return physical < TNI_PHYSICAL_COUNT ? width[physical] : 1;
}

TNI_FN size_t tni_type_print(tni_type type, char out[40]) {
    const char *name = type.id < TRUENO_TYPE_COUNT ? tni_type_names[type.id] : "UNKNOWN";
    size_t length = strlen(name);
    memcpy(out, name, length);
    if (type.id == TRUENO_TYPE_DECIMAL) {
        char digits[24];
        size_t size = tni_print_u64(type.precision, digits);
        out[length++] = '(';
        memcpy(out + length, digits, size);
        length += size;
        out[length++] = ',';
        size = tni_print_u64(type.scale, digits);
        memcpy(out + length, digits, size);
        length += size;
        out[length++] = ')';
    }
    out[length] = '\0';
    return length;
}

static tni_type tni_type_of_name(uint8_t id) {
    return id == TRUENO_TYPE_DECIMAL
               ? tni_type_decimal(TNI_TYPE_DECIMAL_PRECISION, TNI_TYPE_DECIMAL_SCALE)
               : tni_type_make((trueno_type)id);
}

TNI_FN bool tni_type_by_name(const char *name, size_t length, tni_type *out) {
    *out = tni_type_make(TRUENO_TYPE_NULL);
    for (uint32_t i = 0; i < TRUENO_TYPE_COUNT; i++) {
        if (tni_name_equal_n(name, length, tni_type_names[i], strlen(tni_type_names[i]))) {
            *out = tni_type_of_name((uint8_t)i);
            return true;
        }
    }
    for (uint32_t i = 0; i < TNI_COUNT_OF(tni_type_aliases); i++) {
        const tni_type_name *alias = &tni_type_aliases[i];
        if (tni_name_equal_n(name, length, alias->name, strlen(alias->name))) {
            *out = tni_type_of_name(alias->id);
            return true;
        }
    }
    return false;
}

/* ---- values ---- */

TNI_FN tni_value tni_value_null(tni_type type) {
    tni_value value;
    memset(&value, 0, sizeof value);
    value.type = type;
    value.is_null = true;
    return value;
}

TNI_FN tni_value tni_value_i64(tni_type type, int64_t v) {
    tni_value value = tni_value_null(type);
    value.is_null = false;
    switch (tni_type_physical(type)) {
    case TNI_PHYSICAL_BOOL:
        value.as.boolean = v != 0;
        break;
    case TNI_PHYSICAL_U8:
    case TNI_PHYSICAL_U16:
    case TNI_PHYSICAL_U32:
    case TNI_PHYSICAL_U64:
        value.as.natural = (uint64_t)v;
        break;
    case TNI_PHYSICAL_I128:
        value.as.huge = tni_i128_from_i64(v);
        break;
    case TNI_PHYSICAL_F32:
    case TNI_PHYSICAL_F64:
        value.as.number = (double)v;
        break;
    default:
        value.as.integer = v;
        break;
    }
    return value;
}

TNI_FN tni_value tni_value_double(tni_type type, double v) {
    tni_value value = tni_value_null(type);
    value.is_null = false;
    value.as.number = v;
    return value;
}

TNI_FN tni_value tni_value_string(tni_type type, tni_string v) {
    tni_value value = tni_value_null(type);
    value.is_null = false;
    value.as.string = v;
    return value;
}

/* Cases of store and load that differ only in the C type. */
#define TNI_VALUE_STORE(c_type, member)                                                            \
    {                                                                                              \
        c_type v = (c_type)value->as.member;                                                       \
        memcpy(out, &v, sizeof v);                                                                 \
        break;                                                                                     \
    }
#define TNI_VALUE_LOAD(c_type, member, wide)                                                       \
    {                                                                                              \
        c_type v;                                                                                  \
        memcpy(&v, in, sizeof v);                                                                  \
        value.as.member = (wide)v;                                                                 \
        break;                                                                                     \
    }

TNI_FN void tni_value_store(const tni_value *value, void *out) {
    switch (tni_type_physical(value->type)) {
    case TNI_PHYSICAL_BOOL:
        TNI_VALUE_STORE(uint8_t, boolean)
    case TNI_PHYSICAL_I8:
        TNI_VALUE_STORE(int8_t, integer)
    case TNI_PHYSICAL_I16:
        TNI_VALUE_STORE(int16_t, integer)
    case TNI_PHYSICAL_I32:
        TNI_VALUE_STORE(int32_t, integer)
    case TNI_PHYSICAL_I64:
        TNI_VALUE_STORE(int64_t, integer)
    case TNI_PHYSICAL_U8:
        TNI_VALUE_STORE(uint8_t, natural)
    case TNI_PHYSICAL_U16:
        TNI_VALUE_STORE(uint16_t, natural)
    case TNI_PHYSICAL_U32:
        TNI_VALUE_STORE(uint32_t, natural)
    case TNI_PHYSICAL_U64:
        TNI_VALUE_STORE(uint64_t, natural)
    case TNI_PHYSICAL_F32:
        TNI_VALUE_STORE(float, number)
    case TNI_PHYSICAL_F64:
        TNI_VALUE_STORE(double, number)
    case TNI_PHYSICAL_I128:
        memcpy(out, &value->as.huge, sizeof value->as.huge);
        break;
    case TNI_PHYSICAL_STRING:
        memcpy(out, &value->as.string, sizeof value->as.string);
        break;
    case TNI_PHYSICAL_INTERVAL:
        memcpy(out, &value->as.interval, sizeof value->as.interval);
        break;
    case TNI_PHYSICAL_COUNT:
        break;
    }
}

TNI_FN tni_value tni_value_load(tni_type type, const void *in) {
    tni_value value = tni_value_null(type);
    value.is_null = false;
    switch (tni_type_physical(type)) {
    case TNI_PHYSICAL_BOOL:
        value.as.boolean = *(const uint8_t *)in != 0;
        break;
    case TNI_PHYSICAL_I8:
        TNI_VALUE_LOAD(int8_t, integer, int64_t)
    case TNI_PHYSICAL_I16:
        TNI_VALUE_LOAD(int16_t, integer, int64_t)
    case TNI_PHYSICAL_I32:
        TNI_VALUE_LOAD(int32_t, integer, int64_t)
    case TNI_PHYSICAL_I64:
        TNI_VALUE_LOAD(int64_t, integer, int64_t)
    case TNI_PHYSICAL_U8:
        TNI_VALUE_LOAD(uint8_t, natural, uint64_t)
    case TNI_PHYSICAL_U16:
        TNI_VALUE_LOAD(uint16_t, natural, uint64_t)
    case TNI_PHYSICAL_U32:
        TNI_VALUE_LOAD(uint32_t, natural, uint64_t)
    case TNI_PHYSICAL_U64:
        TNI_VALUE_LOAD(uint64_t, natural, uint64_t)
    case TNI_PHYSICAL_F32:
        TNI_VALUE_LOAD(float, number, double)
    case TNI_PHYSICAL_F64:
        TNI_VALUE_LOAD(double, number, double)
    case TNI_PHYSICAL_I128:
        memcpy(&value.as.huge, in, sizeof value.as.huge);
        break;
    case TNI_PHYSICAL_STRING:
        memcpy(&value.as.string, in, sizeof value.as.string);
        break;
    case TNI_PHYSICAL_INTERVAL:
        memcpy(&value.as.interval, in, sizeof value.as.interval);
        break;
    case TNI_PHYSICAL_COUNT:
        break;
    }
    return value;
}

static int tni_value_compare_i64(int64_t a, int64_t b) {
    return a < b ? -1 : a > b;
}

/* A total order: NaN equals NaN and is greater than every number. */
static int tni_value_compare_double(double a, double b) {
    bool a_nan = a != a, b_nan = b != b;
    if (a_nan || b_nan) {
        return (int)a_nan - (int)b_nan;
    }
    return a < b ? -1 : a > b;
}

/* Floored division and remainder; `unit` > 0. */
static int64_t tni_value_floor(int64_t v, int64_t unit, int64_t *rest) {
    int64_t quotient = v / unit;
    *rest = v % unit;
    if (*rest < 0) {
        *rest += unit;
        quotient--;
    }
    return quotient;
}

/* A month counts 30 days and a day 24 hours, as in DuckDB and PostgreSQL. */
static int tni_value_compare_interval(const tni_interval *a, const tni_interval *b) {
    int64_t a_rest, b_rest;
    int64_t a_days = tni_value_floor(a->microseconds, TNI_US_PER_DAY, &a_rest);
    int64_t b_days = tni_value_floor(b->microseconds, TNI_US_PER_DAY, &b_rest);
    int order;
    a_days += (int64_t)a->months * 30 + a->days;
    b_days += (int64_t)b->months * 30 + b->days;
    order = tni_value_compare_i64(a_days, b_days);
    return order != 0 ? order : tni_value_compare_i64(a_rest, b_rest);
}

TNI_FN int tni_value_compare(const tni_value *a, const tni_value *b) {
    switch (tni_type_physical(a->type)) {
    case TNI_PHYSICAL_BOOL:
        return (int)a->as.boolean - (int)b->as.boolean;
    case TNI_PHYSICAL_U8:
    case TNI_PHYSICAL_U16:
    case TNI_PHYSICAL_U32:
    case TNI_PHYSICAL_U64:
        return a->as.natural < b->as.natural ? -1 : a->as.natural > b->as.natural;
    case TNI_PHYSICAL_I128:
        return tni_i128_compare(a->as.huge, b->as.huge);
    case TNI_PHYSICAL_F32:
    case TNI_PHYSICAL_F64:
        return tni_value_compare_double(a->as.number, b->as.number);
    case TNI_PHYSICAL_STRING:
        return tni_string_compare(&a->as.string, &b->as.string);
    case TNI_PHYSICAL_INTERVAL:
        return tni_value_compare_interval(&a->as.interval, &b->as.interval);
    default:
        return tni_value_compare_i64(a->as.integer, b->as.integer);
    }
}

/* ---- printing ---- */

/* TIMESTAMP_S and _MS reach further than microseconds do: print day and time apart. */
static void tni_value_print_coarse(int64_t v, int64_t per_second, tni_text *out) {
    char text[48];
    int64_t rest, days;
    if (v == INT64_MAX || v <= -INT64_MAX) {
        tni_text_append(out, text, tni_print_timestamp(v, text));
        return;
    }
    days = tni_value_floor(v, 86400 * per_second, &rest);
    if (days <= INT32_MIN || days >= INT32_MAX) {
        tni_text_append(out, text, tni_print_i64(v, text));
        return;
    }
    tni_text_append(out, text, tni_print_date((int32_t)days, text));
    tni_text_char(out, ' ');
    tni_text_append(out, text, tni_print_time(rest * (TNI_US_PER_SECOND / per_second), text));
}

/* Printable ASCII as it is, everything else (and quotes, backslashes) as \xHH. */
static void tni_value_print_blob(const tni_string *blob, tni_text *out) {
    static const char digits[] = "0123456789ABCDEF";
    const uint8_t *data = tni_string_data(blob);
    size_t start = 0;
    for (size_t i = 0; i < blob->length; i++) {
        uint8_t c = data[i];
        if (c < 32 || c > 126 || c == '\\' || c == '\'' || c == '"') {
            char escape[4] = {'\\', 'x', '0', '0'};
            escape[2] = digits[c >> 4];
            escape[3] = digits[c & 15];
            tni_text_append(out, data + start, i - start);
            tni_text_append(out, escape, sizeof escape);
            start = i + 1;
        }
    }
    tni_text_append(out, data + start, blob->length - start);
}

static void tni_value_print_number(const tni_value *value, tni_text *out) {
    char text[48];
    size_t length;
    switch (tni_type_physical(value->type)) {
    case TNI_PHYSICAL_I128:
        length = tni_print_i128(value->as.huge, text);
        break;
    case TNI_PHYSICAL_U8:
    case TNI_PHYSICAL_U16:
    case TNI_PHYSICAL_U32:
    case TNI_PHYSICAL_U64:
        length = tni_print_u64(value->as.natural, text);
        break;
    case TNI_PHYSICAL_F32:
        length = tni_print_float((float)value->as.number, text);
        break;
    case TNI_PHYSICAL_F64:
        length = tni_print_double(value->as.number, text);
        break;
    default:
        length = tni_print_i64(value->as.integer, text);
        break;
    }
    tni_text_append(out, text, length);
}

static void tni_value_print_decimal(const tni_value *value, tni_text *out) {
    char text[48];
    tni_i128 v = value->type.precision > 18 ? value->as.huge
                                            : tni_i128_from_i64(value->as.integer);
    tni_text_append(out, text, tni_print_decimal(v, value->type.scale, text));
}

static void tni_value_print_timestamp(const tni_value *value, tni_text *out) {
    char text[48];
    int64_t v = value->as.integer;
    switch (value->type.id) {
    case TRUENO_TYPE_TIMESTAMP_S:
        tni_value_print_coarse(v, 1, out);
        break;
    case TRUENO_TYPE_TIMESTAMP_MS:
        tni_value_print_coarse(v, 1000, out);
        break;
    case TRUENO_TYPE_TIMESTAMP_NS:
        tni_text_append(out, text, tni_print_timestamp_ns(v, text));
        break;
    default:
        tni_text_append(out, text, tni_print_timestamp(v, text));
        if (value->type.id == TRUENO_TYPE_TIMESTAMP_TZ && v != INT64_MAX && v > -INT64_MAX) {
            tni_text_add(out, "+00");
        }
        break;
    }
}

TNI_FN void tni_value_print(const tni_value *value, tni_text *out) {
    char text[96];
    if (value->is_null || value->type.id == TRUENO_TYPE_NULL) {
        tni_text_add(out, "NULL");
        return;
    }
    switch (value->type.id) {
    case TRUENO_TYPE_BOOLEAN:
        tni_text_add(out, value->as.boolean ? "true" : "false");
        break;
    case TRUENO_TYPE_DECIMAL:
        tni_value_print_decimal(value, out);
        break;
    case TRUENO_TYPE_DATE:
        tni_text_append(out, text, tni_print_date((int32_t)value->as.integer, text));
        break;
    case TRUENO_TYPE_TIME:
        tni_text_append(out, text, tni_print_time(value->as.integer, text));
        break;
    case TRUENO_TYPE_TIMESTAMP_S:
    case TRUENO_TYPE_TIMESTAMP_MS:
    case TRUENO_TYPE_TIMESTAMP:
    case TRUENO_TYPE_TIMESTAMP_NS:
    case TRUENO_TYPE_TIMESTAMP_TZ:
        tni_value_print_timestamp(value, out);
        break;
    case TRUENO_TYPE_INTERVAL:
        tni_text_append(out, text, tni_print_interval(value->as.interval, text));
        break;
    case TRUENO_TYPE_VARCHAR:
        tni_text_append(out, tni_string_data(&value->as.string), value->as.string.length);
        break;
    case TRUENO_TYPE_BLOB:
        tni_value_print_blob(&value->as.string, out);
        break;
    default:
        tni_value_print_number(value, out);
        break;
    }
}

TNI_FN void tni_type_print_value(tni_type type, const void *data, tni_text *out) {
    tni_value value = tni_value_load(type, data);
    tni_value_print(&value, out);
}

#undef TNI_TYPE_DECIMAL_PRECISION
#undef TNI_TYPE_DECIMAL_SCALE
#undef TNI_VALUE_STORE
#undef TNI_VALUE_LOAD
