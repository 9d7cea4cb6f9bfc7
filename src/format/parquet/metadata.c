/*
 * metadata.c - parsing the footer and page headers: see metadata.h for the contract.
 *
 * The schema is a flattened tree. Leaves are matched to column chunks by their order, never by
 * path (writers may omit paths; names may repeat and hold dots). A top-level leaf that is not
 * REPEATED is a SQL column; anything below a group, and a bare repeated leaf, is nested.
 */
#include "format/parquet/metadata.h"

/* What a schema element says, before it is judged. */
typedef struct tni_parquet_element {
    const uint8_t *name;
    uint32_t name_size;
    int64_t physical;      /* -1 = a group */
    int64_t type_length;
    int64_t repetition;    /* 0 required, 1 optional, 2 repeated, -1 absent */
    int64_t children;
    int64_t converted;     /* -1 = none */
    int64_t scale, precision;
    int32_t logical;       /* field id in the LogicalType union, 0 = none */
    int64_t bits;          /* INTEGER */
    bool is_signed;
    bool utc;
    int32_t unit;          /* 1 ms, 2 us, 3 ns */
} tni_parquet_element;

/* Annotations, the old and the new way of writing them made one. */
typedef enum tni_parquet_meaning {
    TNI_PARQUET_MEANS_NOTHING,
    TNI_PARQUET_MEANS_TEXT,
    TNI_PARQUET_MEANS_DECIMAL,
    TNI_PARQUET_MEANS_DATE,
    TNI_PARQUET_MEANS_TIME,
    TNI_PARQUET_MEANS_TIMESTAMP,
    TNI_PARQUET_MEANS_INTEGER,
    TNI_PARQUET_MEANS_INTERVAL,
    TNI_PARQUET_MEANS_UUID,
    TNI_PARQUET_MEANS_HALF
} tni_parquet_meaning;

TNI_FN const char *tni_parquet_codec_name(int32_t codec) {
    static const char *const names[8] = {"UNCOMPRESSED", "SNAPPY", "GZIP", "LZO",
                                         "BROTLI",       "LZ4",    "ZSTD", "LZ4_RAW"};
    return codec >= 0 && codec < 8 ? names[codec] : "unknown to the format";
}

TNI_FN const char *tni_parquet_encoding_name(int32_t encoding) {
    static const char *const names[11] = {"PLAIN",
                                          "id 1",
                                          "PLAIN_DICTIONARY",
                                          "RLE",
                                          "BIT_PACKED",
                                          "DELTA_BINARY_PACKED",
                                          "DELTA_LENGTH_BYTE_ARRAY",
                                          "DELTA_BYTE_ARRAY",
                                          "RLE_DICTIONARY",
                                          "BYTE_STREAM_SPLIT",
                                          "ALP"};
    return encoding >= 0 && encoding < 11 ? names[encoding] : "unknown to the format";
}

/* ---- schema ---- */

static void tni_parquet_read_unit(tni_thrift *r, uint8_t type, int32_t *unit) {
    tni_thrift_field field = TNI_ZERO;
    if (type != TNI_THRIFT_STRUCT) {
        tni_thrift_skip(r, type);
        return;
    }
    while (tni_thrift_next(r, &field)) {
        *unit = field.id;
        tni_thrift_skip(r, field.type);
    }
}

/* The struct inside the LogicalType union: its fields 1 and 2 depend on which it is. */
static void tni_parquet_read_annotation(tni_thrift *r, tni_parquet_element *e) {
    tni_thrift_field field = TNI_ZERO;
    while (tni_thrift_next(r, &field)) {
        if (e->logical == 5 && field.id == 1) {
            (void)tni_thrift_int(r, field.type, &e->scale);
        } else if (e->logical == 5 && field.id == 2) {
            (void)tni_thrift_int(r, field.type, &e->precision);
        } else if ((e->logical == 7 || e->logical == 8) && field.id == 1) {
            (void)tni_thrift_bool(r, field.type, &e->utc);
        } else if ((e->logical == 7 || e->logical == 8) && field.id == 2) {
            tni_parquet_read_unit(r, field.type, &e->unit);
        } else if (e->logical == 10 && field.id == 1) {
            (void)tni_thrift_int(r, field.type, &e->bits);
        } else if (e->logical == 10 && field.id == 2) {
            (void)tni_thrift_bool(r, field.type, &e->is_signed);
        } else {
            tni_thrift_skip(r, field.type);
        }
    }
}

static void tni_parquet_read_logical(tni_thrift *r, uint8_t type, tni_parquet_element *e) {
    tni_thrift_field field = TNI_ZERO;
    if (type != TNI_THRIFT_STRUCT) {
        tni_thrift_skip(r, type);
        return;
    }
    while (tni_thrift_next(r, &field)) {
        if (field.type == TNI_THRIFT_STRUCT) {
            e->logical = field.id;
            tni_parquet_read_annotation(r, e);
        } else {
            tni_thrift_skip(r, field.type);
        }
    }
}

static void tni_parquet_read_element(tni_thrift *r, tni_parquet_element *e) {
    tni_thrift_field field = TNI_ZERO;
    memset(e, 0, sizeof *e);
    e->physical = -1;
    e->repetition = -1;
    e->converted = -1;
    while (tni_thrift_next(r, &field)) {
        switch (field.id) {
        case 1: (void)tni_thrift_int(r, field.type, &e->physical); break;
        case 2: (void)tni_thrift_int(r, field.type, &e->type_length); break;
        case 3: (void)tni_thrift_int(r, field.type, &e->repetition); break;
        case 4: (void)tni_thrift_bytes(r, field.type, &e->name, &e->name_size); break;
        case 5: (void)tni_thrift_int(r, field.type, &e->children); break;
        case 6: (void)tni_thrift_int(r, field.type, &e->converted); break;
        case 7: (void)tni_thrift_int(r, field.type, &e->scale); break;
        case 8: (void)tni_thrift_int(r, field.type, &e->precision); break;
        case 10: tni_parquet_read_logical(r, field.type, e); break;
        default: tni_thrift_skip(r, field.type); break;
        }
    }
}

static tni_parquet_meaning tni_parquet_converted_meaning(tni_parquet_element *e) {
    int64_t id = e->converted;
    if (id == 0 || id == 4 || id == 19) { /* UTF8, ENUM, JSON */
        return TNI_PARQUET_MEANS_TEXT;
    }
    if (id == 5) {
        return TNI_PARQUET_MEANS_DECIMAL;
    }
    if (id == 6) {
        return TNI_PARQUET_MEANS_DATE;
    }
    if (id == 7 || id == 8) {
        e->unit = (int32_t)id - 6;
        return TNI_PARQUET_MEANS_TIME;
    }
    if (id == 9 || id == 10) {
        e->unit = (int32_t)id - 8;
        return TNI_PARQUET_MEANS_TIMESTAMP;
    }
    if (id >= 11 && id <= 18) { /* UINT_8..UINT_64, INT_8..INT_64 */
        e->is_signed = id >= 15;
        e->bits = INT64_C(8) << ((id - 11) & 3);
        return TNI_PARQUET_MEANS_INTEGER;
    }
    return id == 21 ? TNI_PARQUET_MEANS_INTERVAL : TNI_PARQUET_MEANS_NOTHING;
}

static tni_parquet_meaning tni_parquet_meaning_of(tni_parquet_element *e) {
    switch (e->logical) {
    case 1:
    case 4:
    case 12: return TNI_PARQUET_MEANS_TEXT;
    case 5: return TNI_PARQUET_MEANS_DECIMAL;
    case 6: return TNI_PARQUET_MEANS_DATE;
    case 7: return TNI_PARQUET_MEANS_TIME;
    case 8: return TNI_PARQUET_MEANS_TIMESTAMP;
    case 10: return TNI_PARQUET_MEANS_INTEGER;
    case 14: return TNI_PARQUET_MEANS_UUID;
    case 15: return TNI_PARQUET_MEANS_HALF;
    case 13:
    case 17:
    case 18: return TNI_PARQUET_MEANS_NOTHING; /* BSON, GEOMETRY, GEOGRAPHY: bytes */
    default: return tni_parquet_converted_meaning(e);
    }
}

static void tni_parquet_set(tni_parquet_leaf *leaf, trueno_type type,
                            tni_parquet_convert convert) {
    leaf->type = tni_type_make(type);
    leaf->convert = (uint8_t)convert;
}

/* The type of the bare physical values. */
static void tni_parquet_plain_type(tni_parquet_leaf *leaf, bool binary_as_string) {
    static const uint8_t types[8] = {TRUENO_TYPE_BOOLEAN,   TRUENO_TYPE_INTEGER,
                                     TRUENO_TYPE_BIGINT,    TRUENO_TYPE_TIMESTAMP,
                                     TRUENO_TYPE_FLOAT,     TRUENO_TYPE_DOUBLE,
                                     TRUENO_TYPE_BLOB,      TRUENO_TYPE_BLOB};
    tni_parquet_set(leaf, (trueno_type)types[leaf->physical], TNI_PARQUET_TO_SAME);
    if (leaf->physical == TNI_PARQUET_INT96) {
        leaf->convert = TNI_PARQUET_INT96_TO_TIMESTAMP;
    } else if (leaf->physical >= TNI_PARQUET_BYTE_ARRAY) {
        leaf->convert = TNI_PARQUET_TO_STRING;
    }
    if (leaf->physical == TNI_PARQUET_BYTE_ARRAY && binary_as_string) {
        leaf->type = tni_type_make(TRUENO_TYPE_VARCHAR);
        leaf->text = true;
    }
}

static void tni_parquet_decimal_type(const tni_parquet_element *e, tni_parquet_leaf *leaf) {
    bool integer = leaf->physical == TNI_PARQUET_INT32 || leaf->physical == TNI_PARQUET_INT64;
    bool bytes = leaf->physical >= TNI_PARQUET_BYTE_ARRAY;
    bool is_small = e->precision <= 18;
    if ((!integer && !bytes) || e->precision < 1 || e->scale < 0 || e->scale > e->precision) {
        return;
    }
    if (e->precision > 38) {
        leaf->refusal = "DECIMAL of more than 38 digits is not supported";
        return;
    }
    leaf->type = tni_type_decimal((uint8_t)e->precision, (uint8_t)e->scale);
    if (bytes) {
        leaf->convert = is_small ? TNI_PARQUET_BYTES_TO_I64 : TNI_PARQUET_BYTES_TO_I128;
    } else if (!is_small) {
        leaf->convert = TNI_PARQUET_TO_I128;
    } else if (leaf->physical == TNI_PARQUET_INT32) {
        leaf->convert = TNI_PARQUET_TO_I64;
    }
}

static void tni_parquet_integer_type(const tni_parquet_element *e, tni_parquet_leaf *leaf) {
    bool wide = leaf->physical == TNI_PARQUET_INT64;
    if (leaf->physical != TNI_PARQUET_INT32 && !wide) {
        return;
    }
    if (wide && e->bits == 64) {
        tni_parquet_set(leaf, e->is_signed ? TRUENO_TYPE_BIGINT : TRUENO_TYPE_UBIGINT,
                        TNI_PARQUET_TO_SAME);
    } else if (!wide && e->bits == 32) {
        tni_parquet_set(leaf, e->is_signed ? TRUENO_TYPE_INTEGER : TRUENO_TYPE_UINTEGER,
                        TNI_PARQUET_TO_SAME);
    } else if (!wide && e->bits == 16) {
        tni_parquet_set(leaf, e->is_signed ? TRUENO_TYPE_SMALLINT : TRUENO_TYPE_USMALLINT,
                        TNI_PARQUET_TO_I16);
    } else if (!wide && e->bits == 8) {
        tni_parquet_set(leaf, e->is_signed ? TRUENO_TYPE_TINYINT : TRUENO_TYPE_UTINYINT,
                        TNI_PARQUET_TO_I8);
    }
}

static void tni_parquet_time_type(const tni_parquet_element *e, tni_parquet_leaf *leaf) {
    bool wide = leaf->physical == TNI_PARQUET_INT64;
    if (leaf->physical == TNI_PARQUET_INT32 && e->unit == 1) {
        tni_parquet_set(leaf, TRUENO_TYPE_TIME, TNI_PARQUET_TO_I64_TIMES);
    } else if (wide && e->unit == 2) {
        tni_parquet_set(leaf, TRUENO_TYPE_TIME, TNI_PARQUET_TO_SAME);
    } else if (wide && e->unit == 3) {
        tni_parquet_set(leaf, TRUENO_TYPE_TIME, TNI_PARQUET_TO_I64_DIVIDED);
    }
}

/* Nanoseconds with a time zone lose their last three digits: TIMESTAMP_TZ counts microseconds. */
static void tni_parquet_timestamp_type(const tni_parquet_element *e, tni_parquet_leaf *leaf) {
    trueno_type type = e->utc ? TRUENO_TYPE_TIMESTAMP_TZ : TRUENO_TYPE_TIMESTAMP;
    if (leaf->physical != TNI_PARQUET_INT64) {
        return;
    }
    if (e->unit == 1) {
        tni_parquet_set(leaf, type, TNI_PARQUET_TO_I64_TIMES);
    } else if (e->unit == 2) {
        tni_parquet_set(leaf, type, TNI_PARQUET_TO_SAME);
    } else if (e->unit == 3 && e->utc) {
        tni_parquet_set(leaf, type, TNI_PARQUET_TO_I64_DIVIDED);
    } else if (e->unit == 3) {
        tni_parquet_set(leaf, TRUENO_TYPE_TIMESTAMP_NS, TNI_PARQUET_TO_SAME);
    }
}

/* An annotation that does not fit the physical type is ignored. */
static void tni_parquet_decide_type(tni_parquet_element *e, bool binary_as_string,
                                    tni_parquet_leaf *leaf) {
    bool fixed = leaf->physical == TNI_PARQUET_FIXED;
    uint32_t width = leaf->stored_width;
    tni_parquet_plain_type(leaf, binary_as_string);
    switch (tni_parquet_meaning_of(e)) {
    case TNI_PARQUET_MEANS_TEXT:
        if (leaf->convert == TNI_PARQUET_TO_STRING) {
            tni_parquet_set(leaf, TRUENO_TYPE_VARCHAR, TNI_PARQUET_TO_STRING);
            leaf->text = true;
        }
        break;
    case TNI_PARQUET_MEANS_DECIMAL: tni_parquet_decimal_type(e, leaf); break;
    case TNI_PARQUET_MEANS_DATE:
        if (leaf->physical == TNI_PARQUET_INT32) {
            tni_parquet_set(leaf, TRUENO_TYPE_DATE, TNI_PARQUET_TO_SAME);
        }
        break;
    case TNI_PARQUET_MEANS_TIME: tni_parquet_time_type(e, leaf); break;
    case TNI_PARQUET_MEANS_TIMESTAMP: tni_parquet_timestamp_type(e, leaf); break;
    case TNI_PARQUET_MEANS_INTEGER: tni_parquet_integer_type(e, leaf); break;
    case TNI_PARQUET_MEANS_INTERVAL:
        if (fixed && width == 12) {
            tni_parquet_set(leaf, TRUENO_TYPE_INTERVAL, TNI_PARQUET_TO_INTERVAL);
        }
        break;
    case TNI_PARQUET_MEANS_UUID:
        if (fixed && width == 16) {
            tni_parquet_set(leaf, TRUENO_TYPE_VARCHAR, TNI_PARQUET_TO_UUID_TEXT);
        }
        break;
    case TNI_PARQUET_MEANS_HALF:
        if (fixed && width == 2) {
            tni_parquet_set(leaf, TRUENO_TYPE_FLOAT, TNI_PARQUET_HALF_TO_FLOAT);
        }
        break;
    default: break;
    }
}

static trueno_status tni_parquet_make_leaf(tni_parquet_element *e, bool binary_as_string,
                                           tni_parquet_leaf *leaf, tni_error *error) {
    static const uint8_t widths[8] = {1, 4, 8, 12, 4, 8, 0, 0};
    memset(leaf, 0, sizeof *leaf);
    if (e->physical < 0 || e->physical > TNI_PARQUET_FIXED) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "schema: physical type %lld does not exist",
                        (long long)e->physical);
    }
    leaf->physical = (uint8_t)e->physical;
    leaf->stored_width = widths[e->physical];
    leaf->optional = e->repetition == 1;
    if (e->physical == TNI_PARQUET_FIXED) {
        if (e->type_length < 0 || e->type_length > INT32_MAX) {
            return tni_fail(error, TRUENO_ERROR_FORMAT,
                            "schema: FIXED_LEN_BYTE_ARRAY of length %lld",
                            (long long)e->type_length);
        }
        leaf->stored_width = (uint32_t)e->type_length;
        if (leaf->stored_width == 0) {
            leaf->refusal = "FIXED_LEN_BYTE_ARRAY of length 0 is not supported";
        }
    }
    tni_parquet_decide_type(e, binary_as_string, leaf);
    return TRUENO_OK;
}

/* Names may hold NULs, which C strings cannot: they end there. */
static const char *tni_parquet_name(tni_arena *arena, const tni_parquet_element *e) {
    return tni_arena_text(arena, e->name_size ? (const char *)(const void *)e->name : "",
                          e->name_size);
}

typedef struct tni_parquet_schema {
    tni_arena *arena;
    tni_parquet_metadata *out;
    uint32_t elements; /* left to read, with this one's children */
    uint32_t element_count;
    bool binary_as_string;
    uint32_t max_columns;
} tni_parquet_schema;

/* Read the subtree below a top-level group: only its leaves are counted. */
static trueno_status tni_parquet_read_nested(tni_thrift *r, tni_parquet_schema *s,
                                             int64_t children, const char *name,
                                             tni_error *error) {
    uint64_t open = (uint64_t)children; /* elements still to come in this subtree */
    while (open) {
        tni_parquet_element e;
        if (s->elements == 0 || open > s->elements) {
            return tni_fail(error, TRUENO_ERROR_FORMAT, "schema: group \"%s\" is incomplete",
                            name);
        }
        tni_parquet_read_element(r, &e);
        s->elements--;
        open--;
        if (e.children < 0 || r->failed) {
            return tni_fail(error, TRUENO_ERROR_FORMAT, "schema: malformed group \"%s\"", name);
        }
        if (e.children > 0) {
            open += (uint64_t)e.children;
        } else if (e.physical >= 0) {
            tni_parquet_leaf *leaf = &s->out->leaves[s->out->leaf_count++];
            memset(leaf, 0, sizeof *leaf);
            leaf->name = name;
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_parquet_read_field(tni_thrift *r, tni_parquet_schema *s,
                                            tni_error *error) {
    tni_parquet_field *field = &s->out->fields[s->out->field_count];
    tni_parquet_element e;
    tni_parquet_read_element(r, &e);
    s->elements--;
    if (r->failed || e.children < 0) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "schema: malformed element");
    }
    field->name = tni_parquet_name(s->arena, &e);
    if (!field->name) {
        return tni_memory_fail(s->arena->memory, e.name_size, error);
    }
    s->out->field_count++;
    field->leaf = s->out->leaf_count;
    field->optional = true;
    field->type = tni_type_make(TRUENO_TYPE_VARCHAR);
    if (e.children > 0 || e.physical == -1) {
        bool list = e.logical == 3 || e.converted == 3, map = e.logical == 2 || e.converted == 1;
        field->refusal = list              ? "nested columns (LIST) are not supported"
                         : map             ? "nested columns (MAP) are not supported"
                         : e.logical == 16 ? "VARIANT columns are not supported"
                                           : "nested columns (STRUCT) are not supported";
        return tni_parquet_read_nested(r, s, e.children, field->name, error);
    }
    TNI_TRY(tni_parquet_make_leaf(&e, s->binary_as_string, &s->out->leaves[field->leaf], error));
    s->out->leaves[field->leaf].name = field->name;
    s->out->leaf_count++;
    if (e.repetition == 2) {
        field->refusal = "nested columns (REPEATED) are not supported";
        return TRUENO_OK;
    }
    field->type = s->out->leaves[field->leaf].type;
    field->refusal = s->out->leaves[field->leaf].refusal;
    field->optional = e.repetition != 0;
    return TRUENO_OK;
}

static trueno_status tni_parquet_read_schema(tni_thrift *r, uint8_t type, tni_parquet_schema *s,
                                             tni_error *error) {
    tni_parquet_element root;
    uint8_t element;
    uint32_t i;
    if (!tni_thrift_list(r, type, &element, &s->elements) || element != TNI_THRIFT_STRUCT ||
        s->elements == 0 || s->out->leaves) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "footer: malformed schema");
    }
    tni_parquet_read_element(r, &root);
    s->elements--;
    if (r->failed || root.children < 0 || root.children > (int64_t)s->elements) {
        return tni_fail(error, TRUENO_ERROR_FORMAT,
                        "schema: root claims %lld children, %lu elements follow",
                        (long long)root.children, (unsigned long)s->elements);
    }
    if (root.children > (int64_t)s->max_columns) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "%lld columns exceed the limit of %lu",
                        (long long)root.children, (unsigned long)s->max_columns);
    }
    s->out->leaves = (tni_parquet_leaf *)tni_arena_alloc(
        s->arena, (s->elements + (size_t)1) * sizeof *s->out->leaves);
    s->out->fields = (tni_parquet_field *)tni_arena_alloc(
        s->arena, (size_t)(root.children + 1) * sizeof *s->out->fields);
    if (!s->out->leaves || !s->out->fields) {
        return tni_memory_fail(s->arena->memory, s->elements * sizeof *s->out->leaves, error);
    }
    for (i = 0; i < (uint32_t)root.children; i++) {
        if (s->elements == 0) {
            return tni_fail(error, TRUENO_ERROR_FORMAT, "schema: elements are missing");
        }
        TNI_TRY(tni_parquet_read_field(r, s, error));
    }
    while (s->elements) { /* elements outside the tree: old writers leave some */
        tni_thrift_skip(r, element);
        s->elements--;
    }
    return TRUENO_OK;
}

/* ---- row groups ---- */

static void tni_parquet_read_statistics(tni_thrift *r, uint8_t type, tni_parquet_statistics *out) {
    tni_thrift_field field = TNI_ZERO;
    const uint8_t *old_min = NULL, *old_max = NULL;
    uint32_t old_min_size = 0, old_max_size = 0;
    bool max_exact = true, min_exact = true;
    if (type != TNI_THRIFT_STRUCT) {
        tni_thrift_skip(r, type);
        return;
    }
    while (tni_thrift_next(r, &field)) {
        switch (field.id) {
        case 1: (void)tni_thrift_bytes(r, field.type, &old_max, &old_max_size); break;
        case 2: (void)tni_thrift_bytes(r, field.type, &old_min, &old_min_size); break;
        case 3: (void)tni_thrift_int(r, field.type, &out->null_count); break;
        case 4: (void)tni_thrift_int(r, field.type, &out->distinct); break;
        case 5: (void)tni_thrift_bytes(r, field.type, &out->max, &out->max_size); break;
        case 6: (void)tni_thrift_bytes(r, field.type, &out->min, &out->min_size); break;
        case 7: (void)tni_thrift_bool(r, field.type, &max_exact); break;
        case 8: (void)tni_thrift_bool(r, field.type, &min_exact); break;
        default: tni_thrift_skip(r, field.type); break;
        }
    }
    out->inexact = !max_exact || !min_exact;
    if (!out->min && !out->max && old_min && old_max) {
        out->min = old_min;
        out->min_size = old_min_size;
        out->max = old_max;
        out->max_size = old_max_size;
        out->legacy = true;
    }
}

static void tni_parquet_read_column(tni_thrift *r, uint8_t type, tni_parquet_chunk *out) {
    tni_thrift_field field = TNI_ZERO;
    int64_t codec = 0;
    if (type != TNI_THRIFT_STRUCT) {
        tni_thrift_skip(r, type);
        return;
    }
    while (tni_thrift_next(r, &field)) {
        switch (field.id) {
        case 4: (void)tni_thrift_int(r, field.type, &codec); break;
        case 5: (void)tni_thrift_int(r, field.type, &out->values); break;
        case 7: (void)tni_thrift_int(r, field.type, &out->compressed_size); break;
        case 9: (void)tni_thrift_int(r, field.type, &out->data_offset); break;
        case 11: (void)tni_thrift_int(r, field.type, &out->dictionary_offset); break;
        case 12: tni_parquet_read_statistics(r, field.type, &out->statistics); break;
        default: tni_thrift_skip(r, field.type); break;
        }
    }
    out->codec = codec < 0 || codec > 1000 ? -1 : (int32_t)codec;
    out->present = true;
}

static void tni_parquet_read_chunk(tni_thrift *r, tni_parquet_chunk *out) {
    tni_thrift_field field = TNI_ZERO;
    const uint8_t *path = NULL;
    uint32_t path_size = 0;
    out->statistics.null_count = -1;
    out->statistics.distinct = -1;
    while (tni_thrift_next(r, &field)) {
        switch (field.id) {
        case 1: (void)tni_thrift_bytes(r, field.type, &path, &path_size); break;
        case 3: tni_parquet_read_column(r, field.type, out); break;
        case 8:
            out->encrypted = true;
            tni_thrift_skip(r, field.type);
            break;
        default: tni_thrift_skip(r, field.type); break;
        }
    }
    out->external = path_size > 0;
}

static trueno_status tni_parquet_read_chunks(tni_thrift *r, uint8_t type, tni_arena *arena,
                                             const tni_parquet_metadata *metadata, uint32_t index,
                                             tni_parquet_row_group *group, tni_error *error) {
    uint8_t element;
    uint32_t count, i;
    if (!tni_thrift_list(r, type, &element, &count) || group->chunks) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "footer: malformed row group %lu",
                        (unsigned long)index);
    }
    if (count != metadata->leaf_count || (count && element != TNI_THRIFT_STRUCT)) {
        return tni_fail(error, TRUENO_ERROR_FORMAT,
                        "row group %lu has %lu column chunks, the schema %lu columns",
                        (unsigned long)index, (unsigned long)count,
                        (unsigned long)metadata->leaf_count);
    }
    group->chunks =
        (tni_parquet_chunk *)tni_arena_alloc(arena, (count + (size_t)1) * sizeof *group->chunks);
    if (!group->chunks) {
        return tni_memory_fail(arena->memory, count * sizeof *group->chunks, error);
    }
    for (i = 0; i < count && !r->failed; i++) {
        tni_parquet_read_chunk(r, &group->chunks[i]);
    }
    return TRUENO_OK;
}

static trueno_status tni_parquet_read_group(tni_thrift *r, tni_arena *arena,
                                            tni_parquet_metadata *metadata, uint32_t index,
                                            tni_error *error) {
    tni_parquet_row_group *group = &metadata->groups[index];
    tni_thrift_field field = TNI_ZERO;
    int64_t rows = -1;
    while (tni_thrift_next(r, &field)) {
        if (field.id == 1) {
            TNI_TRY(tni_parquet_read_chunks(r, field.type, arena, metadata, index, group, error));
        } else if (field.id == 3) {
            (void)tni_thrift_int(r, field.type, &rows);
        } else {
            tni_thrift_skip(r, field.type);
        }
    }
    if (r->failed || rows < 0 || rows > INT64_MAX - (int64_t)metadata->rows ||
        (!group->chunks && metadata->leaf_count)) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "footer: malformed row group %lu",
                        (unsigned long)index);
    }
    group->rows = (uint64_t)rows;
    metadata->rows += (uint64_t)rows;
    return TRUENO_OK;
}

static trueno_status tni_parquet_read_groups(tni_thrift *r, uint8_t type, tni_arena *arena,
                                             tni_parquet_metadata *metadata, tni_error *error) {
    uint8_t element;
    uint32_t count, i;
    if (!tni_thrift_list(r, type, &element, &count) || metadata->groups ||
        (count && element != TNI_THRIFT_STRUCT)) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "footer: malformed row groups");
    }
    metadata->groups = (tni_parquet_row_group *)tni_arena_alloc(
        arena, (count + (size_t)1) * sizeof *metadata->groups);
    if (!metadata->groups) {
        return tni_memory_fail(arena->memory, count * sizeof *metadata->groups, error);
    }
    for (i = 0; i < count; i++) {
        TNI_TRY(tni_parquet_read_group(r, arena, metadata, i, error));
    }
    metadata->group_count = count;
    return TRUENO_OK;
}

/* Column orders: a union per leaf, of which we know field 1, the type's own order. */
static void tni_parquet_read_orders(tni_thrift *r, uint8_t type, tni_arena *arena,
                                    tni_parquet_metadata *metadata) {
    uint8_t element;
    uint32_t count, i;
    if (!tni_thrift_list(r, type, &element, &count) || element != TNI_THRIFT_STRUCT) {
        return;
    }
    if (!metadata->unordered) {
        metadata->unordered = (uint8_t *)tni_arena_alloc(arena, metadata->leaf_count + (size_t)1);
    }
    for (i = 0; i < count && !r->failed; i++) {
        tni_thrift_field field = TNI_ZERO;
        bool known = false;
        while (tni_thrift_next(r, &field)) {
            known = known || field.id == 1;
            tni_thrift_skip(r, field.type);
        }
        if (metadata->unordered && i < metadata->leaf_count) {
            metadata->unordered[i] = !known;
        }
    }
}

/* Parquet.Net 4 shifted the bounds of timestamps by its machine's time zone. */
static void tni_parquet_read_creator(tni_thrift *r, uint8_t type, tni_parquet_metadata *metadata) {
    static const char prefix[] = "Parquet.Net version ";
    const size_t length = sizeof prefix - 1;
    const uint8_t *text;
    uint32_t size;
    if (tni_thrift_bytes(r, type, &text, &size) && size > length + 1 &&
        memcmp(text, prefix, length) == 0) {
        metadata->wrong_times = text[length] <= '4' && text[length + 1] == '.';
    }
}

TNI_FN trueno_status tni_parquet_parse_footer(tni_arena *arena, const uint8_t *data, size_t size,
                                              bool binary_as_string, uint32_t max_columns,
                                              tni_parquet_metadata *out, tni_error *error) {
    tni_thrift r;
    tni_thrift_field field = TNI_ZERO;
    tni_parquet_schema schema = TNI_ZERO;
    int64_t rows = 0;
    memset(out, 0, sizeof *out);
    schema.arena = arena;
    schema.out = out;
    schema.binary_as_string = binary_as_string;
    schema.max_columns = max_columns;
    r.at = data;
    r.end = data + size;
    r.failed = false;
    while (tni_thrift_next(&r, &field)) {
        if (field.id == 2) {
            TNI_TRY(tni_parquet_read_schema(&r, field.type, &schema, error));
        } else if (field.id == 3) {
            (void)tni_thrift_int(&r, field.type, &rows);
        } else if (field.id == 4) {
            if (!out->leaves) {
                return tni_fail(error, TRUENO_ERROR_FORMAT, "footer: row groups before schema");
            }
            TNI_TRY(tni_parquet_read_groups(&r, field.type, arena, out, error));
        } else if (field.id == 6) {
            tni_parquet_read_creator(&r, field.type, out);
        } else if (field.id == 7 && out->leaves) {
            tni_parquet_read_orders(&r, field.type, arena, out);
        } else {
            tni_thrift_skip(&r, field.type);
        }
    }
    if (r.failed) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "footer: malformed metadata at byte %llu",
                        (unsigned long long)(size - (size_t)(r.end - r.at)));
    }
    if (!out->leaves || !out->groups) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "footer: schema or row groups are missing");
    }
    if (out->group_count == 0 && rows > 0) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "footer: %lld rows but no row group",
                        (long long)rows);
    }
    return TRUENO_OK;
}

/* ---- page headers ---- */

typedef struct tni_parquet_page_fields { /* the three kinds' fields, by what they mean */
    int64_t values, nulls, rows, encoding, level_encoding, definition_size, repetition_size;
    bool compressed;
    bool seen;
} tni_parquet_page_fields;

static void tni_parquet_read_data_page(tni_thrift *r, bool v2, tni_parquet_page_fields *out) {
    tni_thrift_field field = TNI_ZERO;
    out->seen = true;
    while (tni_thrift_next(r, &field)) {
        int64_t ignored = 0, *target = &ignored;
        switch (field.id) {
        case 1: target = &out->values; break;
        case 2: target = v2 ? &out->nulls : &out->encoding; break;
        case 3: target = v2 ? &out->rows : &out->level_encoding; break;
        case 4: target = v2 ? &out->encoding : &ignored; break;
        case 5: target = v2 ? &out->definition_size : &ignored; break;
        case 6: target = v2 ? &out->repetition_size : &ignored; break;
        default: break;
        }
        if (v2 && field.id == 7) {
            (void)tni_thrift_bool(r, field.type, &out->compressed);
        } else {
            (void)tni_thrift_int(r, field.type, target);
        }
    }
}

static bool tni_parquet_fits(int64_t v) {
    return v >= 0 && v <= INT32_MAX;
}

static bool tni_parquet_finish_page(const tni_parquet_page_fields *f, int64_t type, int64_t size,
                                    int64_t compressed_size, tni_parquet_page_header *out) {
    if (!tni_parquet_fits(type) || !tni_parquet_fits(size) || !tni_parquet_fits(compressed_size) ||
        !tni_parquet_fits(f->values) || !tni_parquet_fits(f->nulls) ||
        !tni_parquet_fits(f->rows) || !tni_parquet_fits(f->encoding) ||
        !tni_parquet_fits(f->level_encoding) || !tni_parquet_fits(f->definition_size) ||
        !tni_parquet_fits(f->repetition_size)) {
        return false;
    }
    if (type <= TNI_PARQUET_DATA_PAGE_V2 && type != TNI_PARQUET_INDEX_PAGE && !f->seen) {
        return false;
    }
    if (f->definition_size + f->repetition_size > compressed_size ||
        f->definition_size + f->repetition_size > size) {
        return false;
    }
    out->type = (int32_t)type;
    out->size = (uint32_t)size;
    out->compressed_size = (uint32_t)compressed_size;
    out->values = (uint32_t)f->values;
    out->nulls = (uint32_t)f->nulls;
    out->rows = (uint32_t)f->rows;
    out->encoding = (int32_t)f->encoding;
    out->level_encoding = (int32_t)f->level_encoding;
    out->definition_size = (uint32_t)f->definition_size;
    out->repetition_size = (uint32_t)f->repetition_size;
    out->compressed = f->compressed;
    return true;
}

TNI_FN bool tni_parquet_parse_page(const uint8_t *data, size_t size, size_t *used,
                                   tni_parquet_page_header *out) {
    tni_thrift r;
    tni_thrift_field field = TNI_ZERO;
    tni_parquet_page_fields fields = TNI_ZERO;
    int64_t type = -1, whole = -1, compressed = -1, crc;
    memset(out, 0, sizeof *out);
    fields.compressed = true;
    r.at = data;
    r.end = data + size;
    r.failed = false;
    while (tni_thrift_next(&r, &field)) {
        bool is_struct = field.type == TNI_THRIFT_STRUCT;
        if (field.id == 1) {
            (void)tni_thrift_int(&r, field.type, &type);
        } else if (field.id == 2) {
            (void)tni_thrift_int(&r, field.type, &whole);
        } else if (field.id == 3) {
            (void)tni_thrift_int(&r, field.type, &compressed);
        } else if (field.id == 4) {
            out->has_crc = tni_thrift_int(&r, field.type, &crc);
            out->crc = out->has_crc ? (uint32_t)((uint64_t)crc & UINT32_MAX) : 0;
        } else if (is_struct && ((field.id == 5 && type == TNI_PARQUET_DATA_PAGE) ||
                                 (field.id == 7 && type == TNI_PARQUET_DICTIONARY_PAGE))) {
            tni_parquet_read_data_page(&r, false, &fields);
        } else if (is_struct && field.id == 8 && type == TNI_PARQUET_DATA_PAGE_V2) {
            tni_parquet_read_data_page(&r, true, &fields);
        } else {
            tni_thrift_skip(&r, field.type);
        }
    }
    if (r.failed) {
        return false;
    }
    *used = (size_t)(r.at - data);
    return tni_parquet_finish_page(&fields, type, whole, compressed, out);
}
