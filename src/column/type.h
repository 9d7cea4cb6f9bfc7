/*
 * type.h - SQL types and how their values lie in memory.
 *
 * A tni_type is what SQL sees; its physical class is what kernels see. BOOLEAN is one byte 0/1,
 * DECIMAL int64 up to 18 digits and tni_i128 beyond, DATE int32 days, TIME and all TIMESTAMPs
 * int64, INTERVAL tni_interval, VARCHAR and BLOB tni_string.
 */
#ifndef TNI_COLUMN_TYPE_H
#define TNI_COLUMN_TYPE_H

#include "base/datetime.h"

typedef struct tni_type {
    uint8_t id;        /* trueno_type */
    uint8_t precision; /* DECIMAL: 1..38 */
    uint8_t scale;     /* DECIMAL: 0..precision */
    uint8_t unused;    /* 0, so that types compare with memcmp */
} tni_type;

typedef enum tni_physical {
    TNI_PHYSICAL_BOOL, /* uint8_t 0/1 */
    TNI_PHYSICAL_I8,
    TNI_PHYSICAL_I16,
    TNI_PHYSICAL_I32,
    TNI_PHYSICAL_I64,
    TNI_PHYSICAL_U8,
    TNI_PHYSICAL_U16,
    TNI_PHYSICAL_U32,
    TNI_PHYSICAL_U64,
    TNI_PHYSICAL_I128,
    TNI_PHYSICAL_F32,
    TNI_PHYSICAL_F64,
    TNI_PHYSICAL_STRING,
    TNI_PHYSICAL_INTERVAL,
    TNI_PHYSICAL_COUNT
} tni_physical;

TNI_INLINE tni_type tni_type_make(trueno_type id) {
    tni_type t;
    t.id = (uint8_t)id;
    t.precision = 0;
    t.scale = 0;
    t.unused = 0;
    return t;
}
TNI_INLINE tni_type tni_type_decimal(uint8_t precision, uint8_t scale) {
    tni_type t = tni_type_make(TRUENO_TYPE_DECIMAL);
    t.precision = precision;
    t.scale = scale;
    return t;
}
TNI_INLINE bool tni_type_equal(tni_type a, tni_type b) {
    return a.id == b.id && a.precision == b.precision && a.scale == b.scale;
}
TNI_INLINE bool tni_type_is_integer(tni_type t) { /* TINYINT .. HUGEINT, signed or unsigned */
    return t.id >= TRUENO_TYPE_TINYINT && t.id <= TRUENO_TYPE_HUGEINT;
}
TNI_INLINE bool tni_type_is_float(tni_type t) {
    return t.id == TRUENO_TYPE_FLOAT || t.id == TRUENO_TYPE_DOUBLE;
}
TNI_INLINE bool tni_type_is_numeric(tni_type t) {
    return t.id >= TRUENO_TYPE_TINYINT && t.id <= TRUENO_TYPE_DECIMAL;
}
TNI_INLINE bool tni_type_is_timestamp(tni_type t) {
    return t.id >= TRUENO_TYPE_TIMESTAMP_S && t.id <= TRUENO_TYPE_TIMESTAMP_TZ;
}
TNI_INLINE bool tni_type_is_string(tni_type t) { /* stored as tni_string */
    return t.id == TRUENO_TYPE_VARCHAR || t.id == TRUENO_TYPE_BLOB;
}

TNI_FN tni_physical tni_type_physical(tni_type type); /* NULL type: BOOL */
TNI_FN uint32_t tni_physical_width(tni_physical physical); /* bytes: 1, 2, 4, 8 or 16 */
TNI_INLINE uint32_t tni_type_width(tni_type type) {
    return tni_physical_width(tni_type_physical(type));
}
/* "DECIMAL(15,2)". At most 31 characters. */
TNI_FN size_t tni_type_print(tni_type type, char out[40]);
/* The plain types by any of their SQL names (int4, text, float8...); false when unknown. */
TNI_FN bool tni_type_by_name(const char *name, size_t length, tni_type *out);

/* One value of any type: constants, parameters, zone bounds, default values. */
typedef struct tni_value {
    tni_type type;
    bool is_null;
    union {
        bool boolean;
        int64_t integer;   /* every signed integer, DATE, TIME, TIMESTAMP, DECIMAL <= 18 digits */
        uint64_t natural;  /* unsigned integers */
        tni_i128 huge;     /* HUGEINT, DECIMAL > 18 digits */
        double number;     /* FLOAT (widened) and DOUBLE */
        tni_interval interval;
        tni_string string; /* VARCHAR, BLOB: points into an arena or a constant */
    } as;
} tni_value;

TNI_FN tni_value tni_value_null(tni_type type);
TNI_FN tni_value tni_value_i64(tni_type type, int64_t v);
TNI_FN tni_value tni_value_double(tni_type type, double v);
TNI_FN tni_value tni_value_string(tni_type type, tni_string v);
/* Write the physical form (tni_type_width bytes) of a non-null value to `out`; read it back. */
TNI_FN void tni_value_store(const tni_value *value, void *out);
TNI_FN tni_value tni_value_load(tni_type type, const void *in);
/* Order of two non-null values of one type: bytewise strings, NaN greatest, -0.0 = 0.0. */
TNI_FN int tni_value_compare(const tni_value *a, const tni_value *b);
/* As the shell prints it (no quotes); NULL prints "NULL". */
TNI_FN void tni_value_print(const tni_value *value, tni_text *out);
/* Print the physical value at `data` of a type. The one place where values become text. */
TNI_FN void tni_type_print_value(tni_type type, const void *data, tni_text *out);

#endif
