/*
 * thrift.c - Thrift's compact protocol: see thrift.h for the contract.
 *
 * A field header is one byte (id delta, type) or, with delta 0, the type and a zigzag id.
 * Integers are zigzag varints, booleans live in the field header, binaries are length and bytes.
 */
#include "format/parquet/thrift.h"

static void tni_thrift_fail(tni_thrift *r) {
    r->failed = true;
    r->at = r->end;
}

static uint8_t tni_thrift_byte(tni_thrift *r) {
    if (r->at == r->end) {
        tni_thrift_fail(r);
        return 0;
    }
    return *r->at++;
}

static uint64_t tni_thrift_varint(tni_thrift *r) {
    uint64_t value = 0;
    uint32_t shift;
    for (shift = 0; shift < 70; shift += 7) {
        uint8_t byte = tni_thrift_byte(r);
        value |= (uint64_t)(byte & 0x7f) << (shift & 63);
        if (!(byte & 0x80)) {
            return value;
        }
    }
    tni_thrift_fail(r);
    return 0;
}

static int64_t tni_thrift_zigzag(tni_thrift *r) {
    uint64_t v = tni_thrift_varint(r);
    return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

TNI_FN bool tni_thrift_next(tni_thrift *r, tni_thrift_field *field) {
    uint8_t head = tni_thrift_byte(r);
    int64_t id;
    if (r->failed || (head & 15) == TNI_THRIFT_STOP) {
        return false;
    }
    field->type = head & 15;
    id = head >> 4 ? field->id + (head >> 4) : tni_thrift_zigzag(r);
    if (id < INT16_MIN || id > INT16_MAX) {
        tni_thrift_fail(r);
        return false;
    }
    field->id = (int32_t)id;
    return !r->failed;
}

static void tni_thrift_list_head(tni_thrift *r, uint8_t *element, uint32_t *count) {
    uint8_t head = tni_thrift_byte(r);
    uint64_t size = head >> 4;
    if (size == 15) {
        size = tni_thrift_varint(r);
    }
    if (size > (uint64_t)(r->end - r->at) || size > INT32_MAX) { /* an element has a byte */
        tni_thrift_fail(r);
        size = 0;
    }
    *element = head & 15;
    *count = (uint32_t)size;
}

static void tni_thrift_skip_deep(tni_thrift *r, uint8_t type, uint32_t depth);

static void tni_thrift_skip_many(tni_thrift *r, uint8_t type, uint32_t count, uint32_t depth) {
    while (count-- && !r->failed) {
        if (type == TNI_THRIFT_TRUE || type == TNI_THRIFT_FALSE) {
            (void)tni_thrift_byte(r);
        } else {
            tni_thrift_skip_deep(r, type, depth);
        }
    }
}

static void tni_thrift_skip_map(tni_thrift *r, uint32_t depth) {
    uint64_t pairs = tni_thrift_varint(r);
    uint8_t types;
    if (pairs == 0 || r->failed) {
        return;
    }
    types = tni_thrift_byte(r);
    if (pairs > (uint64_t)(r->end - r->at)) {
        tni_thrift_fail(r);
        return;
    }
    while (pairs-- && !r->failed) {
        tni_thrift_skip_many(r, types >> 4, 1, depth);
        tni_thrift_skip_many(r, types & 15, 1, depth);
    }
}

static void tni_thrift_skip_deep(tni_thrift *r, uint8_t type, uint32_t depth) {
    uint64_t size;
    uint32_t count;
    uint8_t element;
    tni_thrift_field field = TNI_ZERO;
    if (depth > TNI_THRIFT_DEPTH) {
        tni_thrift_fail(r);
        return;
    }
    switch (type) {
    case TNI_THRIFT_TRUE:
    case TNI_THRIFT_FALSE: break;
    case TNI_THRIFT_BYTE: (void)tni_thrift_byte(r); break;
    case TNI_THRIFT_I16:
    case TNI_THRIFT_I32:
    case TNI_THRIFT_I64: (void)tni_thrift_varint(r); break;
    case TNI_THRIFT_DOUBLE:
    case TNI_THRIFT_BINARY:
        size = type == TNI_THRIFT_DOUBLE ? 8 : tni_thrift_varint(r);
        if (size > (uint64_t)(r->end - r->at)) {
            tni_thrift_fail(r);
        } else {
            r->at += (size_t)size;
        }
        break;
    case TNI_THRIFT_LIST:
    case TNI_THRIFT_SET:
        tni_thrift_list_head(r, &element, &count);
        tni_thrift_skip_many(r, element, count, depth + 1);
        break;
    case TNI_THRIFT_MAP: tni_thrift_skip_map(r, depth + 1); break;
    case TNI_THRIFT_STRUCT:
        while (tni_thrift_next(r, &field)) {
            tni_thrift_skip_deep(r, field.type, depth + 1);
        }
        break;
    default: tni_thrift_fail(r); break;
    }
}

TNI_FN void tni_thrift_skip(tni_thrift *r, uint8_t type) {
    tni_thrift_skip_deep(r, type, 0);
}

TNI_FN bool tni_thrift_int(tni_thrift *r, uint8_t type, int64_t *out) {
    if (type == TNI_THRIFT_BYTE) {
        *out = (int8_t)tni_thrift_byte(r);
    } else if (type == TNI_THRIFT_I16 || type == TNI_THRIFT_I32 || type == TNI_THRIFT_I64) {
        *out = tni_thrift_zigzag(r);
    } else {
        tni_thrift_skip(r, type);
        return false;
    }
    return !r->failed;
}

TNI_FN bool tni_thrift_bool(tni_thrift *r, uint8_t type, bool *out) {
    if (type == TNI_THRIFT_TRUE || type == TNI_THRIFT_FALSE) {
        *out = type == TNI_THRIFT_TRUE;
        return true;
    }
    tni_thrift_skip(r, type);
    return false;
}

TNI_FN bool tni_thrift_bytes(tni_thrift *r, uint8_t type, const uint8_t **data, uint32_t *size) {
    uint64_t length;
    if (type != TNI_THRIFT_BINARY) {
        tni_thrift_skip(r, type);
        return false;
    }
    length = tni_thrift_varint(r);
    if (r->failed || length > (uint64_t)(r->end - r->at) || length > INT32_MAX) {
        tni_thrift_fail(r);
        return false;
    }
    *data = r->at;
    *size = (uint32_t)length;
    r->at += (size_t)length;
    return true;
}

TNI_FN bool tni_thrift_list(tni_thrift *r, uint8_t type, uint8_t *element, uint32_t *count) {
    if (type != TNI_THRIFT_LIST && type != TNI_THRIFT_SET) {
        tni_thrift_skip(r, type);
        return false;
    }
    tni_thrift_list_head(r, element, count);
    return !r->failed;
}

/* ---- writer ---- */

TNI_FN void tni_thrift_put_varint(tni_text *out, uint64_t value) {
    while (value > 0x7f) {
        tni_text_char(out, (char)(uint8_t)(value | 0x80));
        value >>= 7;
    }
    tni_text_char(out, (char)(uint8_t)value);
}

static void tni_thrift_put_zigzag(tni_text *out, int64_t value) {
    tni_thrift_put_varint(out, (uint64_t)value << 1 ^ (0 - ((uint64_t)value >> 63)));
}

TNI_FN void tni_thrift_put_field(tni_text *out, int32_t *last, int32_t id, tni_thrift_type type) {
    int32_t delta = id - *last;
    if (delta > 0 && delta <= 15) {
        tni_text_char(out, (char)(uint8_t)((uint32_t)delta << 4 | (uint32_t)type));
    } else {
        tni_text_char(out, (char)(uint8_t)type);
        tni_thrift_put_zigzag(out, id);
    }
    *last = id;
}

TNI_FN void tni_thrift_put_int(tni_text *out, int32_t *last, int32_t id, tni_thrift_type type,
                               int64_t value) {
    tni_thrift_put_field(out, last, id, type);
    if (type == TNI_THRIFT_BYTE) {
        tni_text_char(out, (char)(uint8_t)value);
    } else {
        tni_thrift_put_zigzag(out, value);
    }
}

TNI_FN void tni_thrift_put_bool(tni_text *out, int32_t *last, int32_t id, bool value) {
    tni_thrift_put_field(out, last, id, value ? TNI_THRIFT_TRUE : TNI_THRIFT_FALSE);
}

TNI_FN void tni_thrift_put_bytes(tni_text *out, int32_t *last, int32_t id, const void *data,
                                 size_t size) {
    tni_thrift_put_field(out, last, id, TNI_THRIFT_BINARY);
    tni_thrift_put_varint(out, size);
    tni_text_append(out, data, size);
}

TNI_FN void tni_thrift_put_list(tni_text *out, int32_t *last, int32_t id, tni_thrift_type element,
                                size_t count) {
    tni_thrift_put_field(out, last, id, TNI_THRIFT_LIST);
    if (count < 15) {
        tni_text_char(out, (char)(uint8_t)((uint32_t)count << 4 | (uint32_t)element));
    } else {
        tni_text_char(out, (char)(uint8_t)(0xf0u | (uint32_t)element));
        tni_thrift_put_varint(out, count);
    }
}

TNI_FN void tni_thrift_put_stop(tni_text *out) {
    tni_text_char(out, 0);
}
