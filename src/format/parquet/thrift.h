/*
 * thrift.h - Thrift's compact protocol, as far as Parquet's metadata needs it.
 *
 * The reader walks memory and never leaves it: anything malformed sets `failed`, moves to the end
 * and makes every further read give zeros, so that callers check once. Values of a type other
 * than the expected one and unknown fields are skipped; list sizes are bounded by the bytes that
 * are left, nesting by TNI_THRIFT_DEPTH. The writer appends to a tni_text.
 */
#ifndef TNI_FORMAT_PARQUET_THRIFT_H
#define TNI_FORMAT_PARQUET_THRIFT_H

#include "base/text.h"

#define TNI_THRIFT_DEPTH 48u

typedef enum tni_thrift_type {
    TNI_THRIFT_STOP = 0,
    TNI_THRIFT_TRUE = 1,
    TNI_THRIFT_FALSE = 2,
    TNI_THRIFT_BYTE = 3,
    TNI_THRIFT_I16 = 4,
    TNI_THRIFT_I32 = 5,
    TNI_THRIFT_I64 = 6,
    TNI_THRIFT_DOUBLE = 7,
    TNI_THRIFT_BINARY = 8,
    TNI_THRIFT_LIST = 9,
    TNI_THRIFT_SET = 10,
    TNI_THRIFT_MAP = 11,
    TNI_THRIFT_STRUCT = 12
} tni_thrift_type;

typedef struct tni_thrift {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
} tni_thrift;

/* Where we are in a struct: start with zeros, then call tni_thrift_next until it says false. */
typedef struct tni_thrift_field {
    int32_t id;
    uint8_t type;
} tni_thrift_field;

TNI_FN bool tni_thrift_next(tni_thrift *r, tni_thrift_field *field);
TNI_FN void tni_thrift_skip(tni_thrift *r, uint8_t type);
/* Read a field's value; false (value skipped, *out unchanged) when its type is not the kind. */
TNI_FN bool tni_thrift_int(tni_thrift *r, uint8_t type, int64_t *out);
TNI_FN bool tni_thrift_bool(tni_thrift *r, uint8_t type, bool *out);
TNI_FN bool tni_thrift_bytes(tni_thrift *r, uint8_t type, const uint8_t **data, uint32_t *size);
/* Enter a list: element type and count. */
TNI_FN bool tni_thrift_list(tni_thrift *r, uint8_t type, uint8_t *element, uint32_t *count);

/* ---- writer: `last` is the struct's previous field id, 0 at its start ---- */
TNI_FN void tni_thrift_put_field(tni_text *out, int32_t *last, int32_t id, tni_thrift_type type);
TNI_FN void tni_thrift_put_varint(tni_text *out, uint64_t value);
TNI_FN void tni_thrift_put_int(tni_text *out, int32_t *last, int32_t id, tni_thrift_type type,
                               int64_t value);
TNI_FN void tni_thrift_put_bool(tni_text *out, int32_t *last, int32_t id, bool value);
TNI_FN void tni_thrift_put_bytes(tni_text *out, int32_t *last, int32_t id, const void *data,
                                 size_t size);
TNI_FN void tni_thrift_put_list(tni_text *out, int32_t *last, int32_t id, tni_thrift_type element,
                                size_t count);
TNI_FN void tni_thrift_put_stop(tni_text *out);

#endif
