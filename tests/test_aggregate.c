/*
 * test_aggregate.c - GROUP BY against plain references, through the public interface.
 *
 * One table of every type with NULLs, grouped by every kind of key; each aggregate's answer is
 * compared with a few lines of obvious code, and all thread counts, table modes and memory limits
 * must give the same bits. The aggregation's files are compiled into this program with
 * thresholds that can be set, so that small data reaches every mode; they take the place of those
 * in the library.
 */
#include "base/core.h"

#include <stdint.h>
static uint32_t test_local_groups;
static uint32_t test_direct_limit;
#define TNI_AGG_LOCAL_GROUPS test_local_groups
#define TNI_AGG_DIRECT_LIMIT test_direct_limit

#include "exec/agg_build.c"
#include "exec/agg_final.c"
#include "exec/agg_finish.c"
#include "exec/agg_import.c"
#include "exec/agg_keys.c"
#include "exec/agg_partition.c"
#include "exec/agg_spill.c"
#include "exec/agg_state.c"
#include "exec/agg_strings.c"
#include "exec/agg_table.c"
#include "exec/agg_tuple.c"
#include "exec/agg_ungrouped.c"
#include "exec/aggregate.c"

#include "test.h"
#include "trueno.h"

#include <math.h>

/* ------------------------------------------------------------------------------ data --- */

#define ROWS 132000u /* three morsels */

enum {
    C_R, C_I8, C_I16, C_I32, C_I64, C_U8, C_U16, C_U32, C_U64, C_HG, C_F32, C_F64, C_DEC, C_BIG,
    C_DT, C_TS, C_BO, C_ST, C_FL, COLUMNS
};

typedef struct test_column {
    const char *name;
    trueno_type type;
    uint32_t width;
    uint8_t precision, scale;
} test_column;

static const test_column columns[COLUMNS] = {
    {"r", TRUENO_TYPE_BIGINT, 8, 0, 0},     {"i8", TRUENO_TYPE_TINYINT, 1, 0, 0},
    {"i16", TRUENO_TYPE_SMALLINT, 2, 0, 0}, {"i32", TRUENO_TYPE_INTEGER, 4, 0, 0},
    {"i64", TRUENO_TYPE_BIGINT, 8, 0, 0},   {"u8", TRUENO_TYPE_UTINYINT, 1, 0, 0},
    {"u16", TRUENO_TYPE_USMALLINT, 2, 0, 0}, {"u32", TRUENO_TYPE_UINTEGER, 4, 0, 0},
    {"u64", TRUENO_TYPE_UBIGINT, 8, 0, 0},  {"hg", TRUENO_TYPE_HUGEINT, 16, 0, 0},
    {"f32", TRUENO_TYPE_FLOAT, 4, 0, 0},    {"f64", TRUENO_TYPE_DOUBLE, 8, 0, 0},
    {"de", TRUENO_TYPE_DECIMAL, 8, 9, 2},   {"big", TRUENO_TYPE_DECIMAL, 16, 30, 3},
    {"dt", TRUENO_TYPE_DATE, 4, 0, 0},      {"ts", TRUENO_TYPE_TIMESTAMP, 8, 0, 0},
    {"bo", TRUENO_TYPE_BOOLEAN, 1, 0, 0},   {"st", TRUENO_TYPE_VARCHAR, 8, 0, 0},
    {"fl", TRUENO_TYPE_BOOLEAN, 1, 0, 0},
};

/* A cell as the references see it. */
typedef struct test_cell {
    bool null;
    tni_i128 integer; /* decimals: unscaled */
    double number;
    const char *text;
} test_cell;

static uint8_t *data[COLUMNS];      /* as registered */
static uint8_t *validity[COLUMNS];
static test_cell *cells[COLUMNS];
static char (*texts)[48];           /* of C_ST */
static uint64_t seed = 7;

static uint64_t random_word(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(0x9e3779b97f4a7c15) >> 11;
}

static int64_t between(int64_t low, int64_t high) {
    uint64_t span = (uint64_t)high - (uint64_t)low + 1; /* high - low may not fit a signed word */
    return (int64_t)((uint64_t)low + random_word() % span);
}

static tni_i128 shifted(int64_t v, int bits) {
    tni_i128 factor, out;
    factor.low = UINT64_C(1) << bits;
    factor.high = 0;
    (void)tni_i128_multiply(tni_i128_from_i64(v), factor, &out);
    return out;
}

static void fill_cell(uint32_t c, uint32_t i) {
    test_cell *cell = &cells[c][i];
    int64_t v = 0;
    memset(cell, 0, sizeof *cell);
    cell->null = c != C_R && random_word() % 10 == 0;
    switch (c) {
    case C_R: v = i; break;
    case C_I8: v = between(-128, 127); break;
    case C_I16: v = between(-300, 300); break;
    case C_I32: v = between(-2000000000, 2000000000); break;
    case C_I64: v = between(-(INT64_C(1) << 62), INT64_C(1) << 62); break;
    case C_U8: v = between(0, 255); break;
    case C_U16: v = between(0, 60000); break;
    case C_U32: v = between(0, 4000000000); break;
    case C_U64: v = between(0, INT64_MAX - 1); break;
    case C_HG: v = between(-1000, 1000); break;
    case C_F32: v = between(-4000, 4000); break;
    case C_F64: v = between(-(1 << 20), 1 << 20); break;
    case C_DEC: v = between(-9999999, 9999999); break;
    case C_BIG: v = between(-1000000, 1000000); break;
    case C_DT: v = between(-1000, 20000); break;
    case C_TS: v = between(0, INT64_C(1500000000000000)); break;
    case C_BO:
    case C_FL: v = between(0, 1); break;
    default: v = between(0, 400);
    }
    cell->integer = tni_i128_from_i64(v);
    cell->number = (double)v;
    if (c == C_U64) {
        cell->integer.low = (uint64_t)v * 2 + 1;
        cell->number = (double)cell->integer.low;
    } else if (c == C_HG || c == C_BIG) {
        cell->integer = shifted(v, 60);
        cell->number = tni_i128_to_double(cell->integer);
    } else if (c == C_F32) {
        cell->number = (double)v / 4;
    } else if (c == C_F64) {
        cell->number = (double)v / 1024;
    } else if (c == C_ST) {
        (void)snprintf(texts[i], sizeof texts[i],
                       v % 3 == 0 ? "%d" : v % 3 == 1 ? "text %d" : "a rather long text, number %d",
                       (int)v);
        cell->text = texts[i];
    }
    if (c == C_DEC) {
        cell->number = (double)v / 100;
    } else if (c == C_BIG) {
        cell->number /= 1000;
    }
}

static void store_cell(uint32_t c, uint32_t i) {
    const test_cell *cell = &cells[c][i];
    uint8_t *out = data[c] + (size_t)i * columns[c].width;
    float f = (float)cell->number;
    if (!cell->null) {
        validity[c][i >> 3] = (uint8_t)(validity[c][i >> 3] | 1u << (i & 7));
    }
    if (c == C_ST) {
        memcpy(out, &cell->text, sizeof cell->text);
    } else if (c == C_F32) {
        memcpy(out, &f, 4);
    } else if (c == C_F64) {
        memcpy(out, &cell->number, 8);
    } else if (columns[c].width == 16) {
        memcpy(out, &cell->integer, 16);
    } else {
        memcpy(out, &cell->integer.low, columns[c].width); /* little endian */
    }
}

/* -------------------------------------------------------------------------------- keys --- */

/* Key kinds: how many different values, and the columns that hold them. */
enum {
    K_NONE, K_SMALL, K_PAIR, K_WIDE64, K_DOUBLE, K_HUGE, K_TEXT, K_MANY, K_MANY2, K_TRIPLE, KEYS
};
#define KEY_COLUMNS 9
static uint32_t *key_id[KEYS];       /* group of each row, dense from 0 */
static uint32_t key_count[KEYS];
static const char *const key_sql[KEYS] = {"", "ks", "ks, kt", "kw", "kd", "kh", "kl", "km",
                                          "km, kd", "kt, kw, kl"};
static uint8_t *key_data[KEY_COLUMNS];
static uint8_t *key_validity[KEY_COLUMNS];
static const test_column key_columns[KEY_COLUMNS] = {
    {"ks", TRUENO_TYPE_INTEGER, 4, 0, 0}, {"kt", TRUENO_TYPE_VARCHAR, 8, 0, 0},
    {"kw", TRUENO_TYPE_BIGINT, 8, 0, 0},  {"kd", TRUENO_TYPE_DOUBLE, 8, 0, 0},
    {"kh", TRUENO_TYPE_HUGEINT, 16, 0, 0}, {"kl", TRUENO_TYPE_VARCHAR, 8, 0, 0},
    {"km", TRUENO_TYPE_BIGINT, 8, 0, 0},  {"ki", TRUENO_TYPE_INTEGER, 4, 0, 0},
    {"kb", TRUENO_TYPE_BOOLEAN, 1, 0, 0},
};
static char short_texts[64][16];
static char long_texts[700][64];

static void set_key(uint32_t column, uint32_t row, const void *value, bool null) {
    memcpy(key_data[column] + (size_t)row * key_columns[column].width, value,
           key_columns[column].width);
    if (!null) {
        key_validity[column][row >> 3] =
            (uint8_t)(key_validity[column][row >> 3] | 1u << (row & 7));
    }
}

/* Renumber ids densely in order of first appearance. */
static void make_ids(uint32_t kind, const uint64_t *code) {
    size_t slots = 1u << 19, i;
    uint64_t *keys = (uint64_t *)calloc(slots, sizeof *keys);
    uint32_t *numbers = (uint32_t *)calloc(slots, sizeof *numbers);
    key_id[kind] = (uint32_t *)malloc(ROWS * sizeof(uint32_t));
    for (i = 0; i < ROWS; i++) {
        size_t at = (size_t)(code[i] * UINT64_C(0x9e3779b97f4a7c15) >> 45);
        while (numbers[at] != 0 && keys[at] != code[i]) {
            at = (at + 1) % slots;
        }
        if (numbers[at] == 0) {
            keys[at] = code[i];
            numbers[at] = ++key_count[kind];
        }
        key_id[kind][i] = numbers[at] - 1;
    }
    free(keys);
    free(numbers);
}

static void fill_keys(void) {
    uint64_t *code[KEYS];
    uint32_t i, k;
    for (k = 0; k < KEYS; k++) {
        code[k] = (uint64_t *)calloc(ROWS, sizeof(uint64_t));
    }
    for (k = 0; k < KEY_COLUMNS; k++) {
        key_data[k] = (uint8_t *)calloc(ROWS, key_columns[k].width);
        key_validity[k] = (uint8_t *)calloc(ROWS / 8 + 1, 1);
    }
    for (i = 0; i < 64; i++) {
        (void)snprintf(short_texts[i], sizeof short_texts[i], "k%u", i);
    }
    for (i = 0; i < 700; i++) {
        (void)snprintf(long_texts[i], sizeof long_texts[i], "key of more than twelve bytes %u", i);
    }
    for (i = 0; i < ROWS; i++) {
        int32_t small = (int32_t)between(-1, 9);
        uint32_t t = (uint32_t)between(0, 20), w = (uint32_t)between(0, 300);
        uint32_t d = (uint32_t)between(0, 40), h = (uint32_t)between(0, 500);
        uint32_t l = (uint32_t)between(0, 650), m = (uint32_t)between(0, 90000);
        int64_t wide = (int64_t)((uint64_t)w * UINT64_C(0x9e3779b97f4a7c15));
        double number = d == 1 ? (i % 2 ? 0.0 : -0.0) : d == 2 ? (double)NAN : (double)d * 1.5;
        tni_i128 huge = shifted((int64_t)h - 250, 62);
        int64_t many = (int64_t)((uint64_t)m * UINT64_C(0xbf58476d1ce4e5b9));
        int32_t integer = (int32_t)m;
        const char *text = short_texts[t];
        const char *longer = long_texts[l];
        uint8_t bit = (uint8_t)(m & 1);
        set_key(0, i, &small, small < 0);
        set_key(1, i, &text, t == 0);
        set_key(2, i, &wide, w == 0);
        set_key(3, i, &number, d == 0);
        set_key(4, i, &huge, h == 0);
        set_key(5, i, &longer, l == 0);
        set_key(6, i, &many, m == 0);
        set_key(7, i, &integer, m == 0);
        set_key(8, i, &bit, m % 5 == 0);
        code[K_SMALL][i] = (uint64_t)(small + 1);
        code[K_PAIR][i] = (uint64_t)(small + 1) * 64 + t;
        code[K_WIDE64][i] = w;
        code[K_DOUBLE][i] = d;
        code[K_HUGE][i] = h;
        code[K_TEXT][i] = l;
        code[K_MANY][i] = m;
        code[K_MANY2][i] = (uint64_t)m * 64 + d;
        code[K_TRIPLE][i] = ((uint64_t)t * 512 + w) * 1024 + l;
    }
    for (k = 0; k < KEYS; k++) {
        make_ids(k, code[k]);
        free(code[k]);
    }
}

static void fill(void) {
    uint32_t c, i;
    texts = (char (*)[48])calloc(ROWS, 48);
    for (c = 0; c < COLUMNS; c++) {
        data[c] = (uint8_t *)calloc(ROWS, columns[c].width);
        validity[c] = (uint8_t *)calloc(ROWS / 8 + 1, 1);
        cells[c] = (test_cell *)calloc(ROWS, sizeof(test_cell));
        for (i = 0; i < ROWS; i++) {
            fill_cell(c, i);
            store_cell(c, i);
        }
    }
    fill_keys();
}

static void fill_free(void) {
    uint32_t c;
    for (c = 0; c < COLUMNS; c++) {
        free(data[c]);
        free(validity[c]);
        free(cells[c]);
    }
    for (c = 0; c < KEY_COLUMNS; c++) {
        free(key_data[c]);
        free(key_validity[c]);
    }
    for (c = 0; c < KEYS; c++) {
        free(key_id[c]);
    }
    free(texts);
}

static trueno_status register_data(trueno_db *db, uint32_t rows) {
    trueno_column all[COLUMNS + KEY_COLUMNS];
    uint32_t i;
    memset(all, 0, sizeof all);
    for (i = 0; i < COLUMNS + KEY_COLUMNS; i++) {
        const test_column *c = i < COLUMNS ? &columns[i] : &key_columns[i - COLUMNS];
        all[i].name = c->name;
        all[i].type = c->type;
        all[i].data = i < COLUMNS ? data[i] : key_data[i - COLUMNS];
        all[i].validity = i < COLUMNS ? validity[i] : key_validity[i - COLUMNS];
        all[i].precision = c->precision;
        all[i].scale = c->scale;
    }
    return trueno_register_columns(db, "plain", all, COLUMNS + KEY_COLUMNS, rows);
}

/* -------------------------------------------------------------------------- references --- */

typedef enum test_op {
    R_COUNT_STAR, R_COUNT, R_SUM, R_AVG, R_MIN, R_MAX, R_FIRST, R_LAST, R_ANY, R_BIT_AND, R_BIT_OR,
    R_BIT_XOR, R_BOOL_AND, R_BOOL_OR, R_COUNT_IF, R_ARG_MIN, R_ARG_MAX, R_VAR_SAMP, R_VAR_POP,
    R_SD_SAMP, R_SD_POP, R_SKEW, R_KURT, R_MEDIAN, R_QCONT, R_QDISC, R_MODE, R_MAD, R_ENTROPY,
    R_PRODUCT, R_JOIN, R_JOIN_ORDERED, R_FIRST_ORDERED, R_LAST_ORDERED, R_COVAR_SAMP, R_COVAR_POP,
    R_CORR, R_SLOPE, R_INTERCEPT, R_R2, R_REGR_COUNT, R_AVGX, R_AVGY, R_SXX, R_SYY, R_SXY
} test_op;

#define F_FILTER 1u
#define F_DISTINCT 2u

typedef struct test_case {
    const char *sql;
    test_op op;
    uint32_t x, y;
    uint32_t flags;
} test_case;

static const test_case cases[] = {
    {"count(*)", R_COUNT_STAR, C_R, C_R, 0},
    {"count(i8)", R_COUNT, C_I8, C_R, 0},
    {"count(st)", R_COUNT, C_ST, C_R, 0},
    {"sum(i8)", R_SUM, C_I8, C_R, 0},
    {"sum(i16)", R_SUM, C_I16, C_R, 0},
    {"sum(i32)", R_SUM, C_I32, C_R, 0},
    {"sum(i64)", R_SUM, C_I64, C_R, 0},
    {"sum(u8)", R_SUM, C_U8, C_R, 0},
    {"sum(u16)", R_SUM, C_U16, C_R, 0},
    {"sum(u32)", R_SUM, C_U32, C_R, 0},
    {"sum(u64)", R_SUM, C_U64, C_R, 0},
    {"sum(hg)", R_SUM, C_HG, C_R, 0},
    {"sum(f32)", R_SUM, C_F32, C_R, 0},
    {"sum(f64)", R_SUM, C_F64, C_R, 0},
    {"sum(de)", R_SUM, C_DEC, C_R, 0},
    {"sum(big)", R_SUM, C_BIG, C_R, 0},
    {"avg(i8)", R_AVG, C_I8, C_R, 0},
    {"avg(i64)", R_AVG, C_I64, C_R, 0},
    {"avg(u64)", R_AVG, C_U64, C_R, 0},
    {"avg(f64)", R_AVG, C_F64, C_R, 0},
    {"avg(de)", R_AVG, C_DEC, C_R, 0},
    {"min(i8)", R_MIN, C_I8, C_R, 0},
    {"max(i16)", R_MAX, C_I16, C_R, 0},
    {"min(i32)", R_MIN, C_I32, C_R, 0},
    {"max(i64)", R_MAX, C_I64, C_R, 0},
    {"min(u8)", R_MIN, C_U8, C_R, 0},
    {"max(u16)", R_MAX, C_U16, C_R, 0},
    {"min(u32)", R_MIN, C_U32, C_R, 0},
    {"max(u64)", R_MAX, C_U64, C_R, 0},
    {"min(u64)", R_MIN, C_U64, C_R, 0},
    {"max(hg)", R_MAX, C_HG, C_R, 0},
    {"min(f32)", R_MIN, C_F32, C_R, 0},
    {"max(f64)", R_MAX, C_F64, C_R, 0},
    {"min(f64)", R_MIN, C_F64, C_R, 0},
    {"min(de)", R_MIN, C_DEC, C_R, 0},
    {"max(big)", R_MAX, C_BIG, C_R, 0},
    {"min(dt)", R_MIN, C_DT, C_R, 0},
    {"max(ts)", R_MAX, C_TS, C_R, 0},
    {"min(bo)", R_MIN, C_BO, C_R, 0},
    {"min(st)", R_MIN, C_ST, C_R, 0},
    {"max(st)", R_MAX, C_ST, C_R, 0},
    {"first(i32)", R_FIRST, C_I32, C_R, 0},
    {"first(st)", R_FIRST, C_ST, C_R, 0},
    {"last(f64)", R_LAST, C_F64, C_R, 0},
    {"last(st)", R_LAST, C_ST, C_R, 0},
    {"any_value(dt)", R_ANY, C_DT, C_R, 0},
    {"any_value(big)", R_ANY, C_BIG, C_R, 0},
    {"bit_and(i16)", R_BIT_AND, C_I16, C_R, 0},
    {"bit_or(u32)", R_BIT_OR, C_U32, C_R, 0},
    {"bit_xor(i64)", R_BIT_XOR, C_I64, C_R, 0},
    {"bool_and(bo)", R_BOOL_AND, C_BO, C_R, 0},
    {"bool_or(bo)", R_BOOL_OR, C_BO, C_R, 0},
    {"count_if(bo)", R_COUNT_IF, C_BO, C_R, 0},
    {"arg_min(st, i16)", R_ARG_MIN, C_ST, C_I16, 0},
    {"arg_max(f64, st)", R_ARG_MAX, C_F64, C_ST, 0},
    {"arg_max(i8, u64)", R_ARG_MAX, C_I8, C_U64, 0},
    {"var_samp(i32)", R_VAR_SAMP, C_I32, C_R, 0},
    {"var_pop(f64)", R_VAR_POP, C_F64, C_R, 0},
    {"stddev(i8)", R_SD_SAMP, C_I8, C_R, 0},
    {"stddev_pop(de)", R_SD_POP, C_DEC, C_R, 0},
    {"skewness(u8)", R_SKEW, C_U8, C_R, 0},
    {"kurtosis(f64)", R_KURT, C_F64, C_R, 0},
    {"median(i32)", R_MEDIAN, C_I32, C_R, 0},
    {"median(f64)", R_MEDIAN, C_F64, C_R, 0},
    {"quantile_cont(f64, 0.3)", R_QCONT, C_F64, C_R, 0},
    {"quantile_disc(i64, 0.3)", R_QDISC, C_I64, C_R, 0},
    {"quantile_disc(st, 0.3)", R_QDISC, C_ST, C_R, 0},
    {"mode(i8)", R_MODE, C_I8, C_R, 0},
    {"mode(st)", R_MODE, C_ST, C_R, 0},
    {"mad(f64)", R_MAD, C_F64, C_R, 0},
    {"entropy(i8)", R_ENTROPY, C_I8, C_R, 0},
    {"entropy(st)", R_ENTROPY, C_ST, C_R, 0},
    {"product(f32)", R_PRODUCT, C_F32, C_R, 0},
    {"string_agg(st, '|')", R_JOIN, C_ST, C_R, 0},
    {"string_agg(st, ';' ORDER BY i16 DESC NULLS LAST, r)", R_JOIN_ORDERED, C_ST, C_I16, 0},
    {"first(u16 ORDER BY i32)", R_FIRST_ORDERED, C_U16, C_I32, 0},
    {"last(u16 ORDER BY i32)", R_LAST_ORDERED, C_U16, C_I32, 0},
    {"covar_samp(i8, i16)", R_COVAR_SAMP, C_I8, C_I16, 0},
    {"covar_pop(f64, f32)", R_COVAR_POP, C_F64, C_F32, 0},
    {"corr(u8, f64)", R_CORR, C_U8, C_F64, 0},
    {"regr_slope(i8, u8)", R_SLOPE, C_I8, C_U8, 0},
    {"regr_intercept(i8, u8)", R_INTERCEPT, C_I8, C_U8, 0},
    {"regr_r2(f64, f32)", R_R2, C_F64, C_F32, 0},
    {"regr_count(i8, f64)", R_REGR_COUNT, C_I8, C_F64, 0},
    {"regr_avgx(i8, u16)", R_AVGX, C_I8, C_U16, 0},
    {"regr_avgy(i8, u16)", R_AVGY, C_I8, C_U16, 0},
    {"regr_sxx(i8, u16)", R_SXX, C_I8, C_U16, 0},
    {"regr_syy(i8, u16)", R_SYY, C_I8, C_U16, 0},
    {"regr_sxy(i8, u16)", R_SXY, C_I8, C_U16, 0},
    {"count(*) FILTER (WHERE fl)", R_COUNT_STAR, C_R, C_R, F_FILTER},
    {"count(i8) FILTER (WHERE fl)", R_COUNT, C_I8, C_R, F_FILTER},
    {"sum(i32) FILTER (WHERE fl)", R_SUM, C_I32, C_R, F_FILTER},
    {"sum(f64) FILTER (WHERE fl)", R_SUM, C_F64, C_R, F_FILTER},
    {"max(st) FILTER (WHERE fl)", R_MAX, C_ST, C_R, F_FILTER},
    {"median(i16) FILTER (WHERE fl)", R_MEDIAN, C_I16, C_R, F_FILTER},
    {"first(i8) FILTER (WHERE fl)", R_FIRST, C_I8, C_R, F_FILTER},
    {"count(DISTINCT i8)", R_COUNT, C_I8, C_R, F_DISTINCT},
    {"count(DISTINCT st)", R_COUNT, C_ST, C_R, F_DISTINCT},
    {"count(DISTINCT u64)", R_COUNT, C_U64, C_R, F_DISTINCT},
    {"sum(DISTINCT i16)", R_SUM, C_I16, C_R, F_DISTINCT},
    {"avg(DISTINCT f32)", R_AVG, C_F32, C_R, F_DISTINCT},
    {"min(DISTINCT st)", R_MIN, C_ST, C_R, F_DISTINCT},
    {"median(DISTINCT i8)", R_MEDIAN, C_I8, C_R, F_DISTINCT},
    {"count(DISTINCT st) FILTER (WHERE fl)", R_COUNT, C_ST, C_R, F_DISTINCT | F_FILTER},
    {"sum(DISTINCT u8) FILTER (WHERE fl)", R_SUM, C_U8, C_R, F_DISTINCT | F_FILTER},
    {"approx_count_distinct(i16)", R_COUNT, C_I16, C_R, F_DISTINCT},
};
#define CASES ((uint32_t)(sizeof cases / sizeof cases[0]))

typedef struct test_answer {
    enum { A_NULL, A_TEXT, A_NUMBER, A_INTEGER, A_ROW } kind;
    double number, scale; /* scale: magnitude errors are judged by */
    tni_i128 integer;
    uint32_t row;
    char *text;
} test_answer;

static int compare_cells(uint32_t c, uint32_t a, uint32_t b) {
    const test_cell *p = &cells[c][a];
    const test_cell *q = &cells[c][b];
    if (c == C_ST) {
        return strcmp(p->text, q->text);
    }
    if (c == C_F32 || c == C_F64) {
        return (p->number > q->number) - (p->number < q->number);
    }
    return tni_i128_compare(p->integer, q->integer);
}

static uint32_t sort_column;

static int by_value(const void *a, const void *b) {
    uint32_t p, q;
    int c;
    memcpy(&p, a, 4);
    memcpy(&q, b, 4);
    c = compare_cells(sort_column, p, q);
    return c != 0 ? c : (p > q) - (p < q);
}

/* By i16 descending, NULLs last, then by row. */
static int by_order(const void *a, const void *b) {
    uint32_t p, q;
    int c;
    memcpy(&p, a, 4);
    memcpy(&q, b, 4);
    if (cells[C_I16][p].null || cells[C_I16][q].null) {
        c = (int)cells[C_I16][p].null - (int)cells[C_I16][q].null;
    } else {
        c = -compare_cells(C_I16, p, q);
    }
    return c != 0 ? c : (p > q) - (p < q);
}

static int by_number(const void *a, const void *b) {
    double p, q;
    memcpy(&p, a, 8);
    memcpy(&q, b, 8);
    return (p > q) - (p < q);
}

static double quantile_of(const double *v, uint32_t n, double p) {
    double position = (double)(n - 1) * p, low = floor(position);
    uint32_t k = (uint32_t)low;
    return k + 1 < n ? v[k] + (position - low) * (v[k + 1] - v[k]) : v[k];
}

static void number_answer(test_answer *out, double v, double scale) {
    out->kind = A_NUMBER;
    out->number = v;
    out->scale = scale;
}

static void row_answer(test_answer *out, uint32_t row) {
    out->kind = A_ROW;
    out->row = row;
}

static void join_texts(test_answer *out, const uint32_t *rows, uint32_t n, char separator) {
    size_t size = 1;
    uint32_t i;
    char *at;
    for (i = 0; i < n; i++) {
        size += strlen(texts[rows[i]]) + 1;
    }
    out->kind = A_TEXT;
    out->text = at = (char *)malloc(size);
    for (i = 0; i < n; i++) {
        size_t length = strlen(texts[rows[i]]);
        if (i > 0) {
            *at++ = separator;
        }
        memcpy(at, texts[rows[i]], length);
        at += length;
    }
    *at = '\0';
}

/* Two passes over the values: moments about the mean. */
static void moments_answer(const test_case *t, const uint32_t *rows, uint32_t n,
                           test_answer *out) {
    double mean = 0, m2 = 0, m3 = 0, m4 = 0, count = n, scale = 0;
    uint32_t i;
    for (i = 0; i < n; i++) {
        mean += cells[t->x][rows[i]].number / count;
    }
    for (i = 0; i < n; i++) {
        double x = cells[t->x][rows[i]].number, d = x - mean;
        m2 += d * d;
        m3 += d * d * d;
        m4 += d * d * d * d;
        scale += x * x;
    }
    out->kind = A_NULL;
    switch (t->op) {
    case R_VAR_POP: number_answer(out, m2 / count, scale / count); break;
    case R_SD_POP: number_answer(out, sqrt(m2 / count), sqrt(scale / count)); break;
    case R_VAR_SAMP:
        if (n > 1) {
            number_answer(out, m2 / (count - 1), scale / count);
        }
        break;
    case R_SD_SAMP:
        if (n > 1) {
            number_answer(out, sqrt(m2 / (count - 1)), sqrt(scale / count));
        }
        break;
    case R_SKEW:
        if (n > 2 && m2 > 0) {
            double g1 = m3 / count / pow(m2 / count, 1.5);
            number_answer(out, g1 * sqrt(count * (count - 1)) / (count - 2), 1000 + fabs(g1));
        }
        break;
    default:
        if (n > 3 && m2 > 0) {
            double g2 = count * m4 / (m2 * m2) - 3;
            number_answer(out,
                          (count - 1) / ((count - 2) * (count - 3)) * ((count + 1) * g2 + 6),
                          1000 + fabs(g2));
        }
    }
}

static void pair_answer(const test_case *t, const uint32_t *rows, uint32_t n, test_answer *out) {
    double mx = 0, my = 0, sxx = 0, syy = 0, sxy = 0, count = n, scale = 0;
    uint32_t i;
    out->kind = A_NULL;
    if (n == 0) {
        return;
    }
    for (i = 0; i < n; i++) {
        my += cells[t->x][rows[i]].number / count;
        mx += cells[t->y][rows[i]].number / count;
    }
    for (i = 0; i < n; i++) {
        double y = cells[t->x][rows[i]].number, x = cells[t->y][rows[i]].number;
        sxx += (x - mx) * (x - mx);
        syy += (y - my) * (y - my);
        sxy += (x - mx) * (y - my);
        scale += fabs(x * y) + x * x + y * y;
    }
    switch (t->op) {
    case R_COVAR_POP: number_answer(out, sxy / count, scale / count); break;
    case R_COVAR_SAMP:
        if (n > 1) {
            number_answer(out, sxy / (count - 1), scale / count);
        }
        break;
    case R_CORR:
        number_answer(out, sxx != 0 && syy != 0 ? sxy / sqrt(sxx * syy) : (double)NAN, 1000);
        break;
    case R_SLOPE:
        number_answer(out, sxx != 0 ? sxy / sxx : (double)NAN, 1000);
        break;
    case R_INTERCEPT:
        if (sxx != 0) {
            number_answer(out, my - sxy / sxx * mx, 1000 * (1 + fabs(sxy / sxx)));
        }
        break;
    case R_R2:
        if (sxx != 0) {
            number_answer(out, syy == 0 ? 1 : sxy * sxy / (sxx * syy), 1000);
        }
        break;
    case R_AVGX: number_answer(out, mx, 1e5); break;
    case R_AVGY: number_answer(out, my, 1e5); break;
    case R_SXX: number_answer(out, sxx, scale); break;
    case R_SYY: number_answer(out, syy, scale); break;
    default: number_answer(out, sxy, scale);
    }
}

static void sums_answer(const test_case *t, const uint32_t *rows, uint32_t n, test_answer *out) {
    tni_i128 sum = tni_i128_from_i64(0);
    double number = 0, magnitude = 0;
    uint32_t i;
    for (i = 0; i < n; i++) {
        (void)tni_i128_add(sum, cells[t->x][rows[i]].integer, &sum);
        number += cells[t->x][rows[i]].number;
        magnitude += fabs(cells[t->x][rows[i]].number);
    }
    if (t->op == R_AVG) {
        number_answer(out, number / n, magnitude / n);
    } else if (t->x == C_F32 || t->x == C_F64) {
        number_answer(out, number, 0); /* the values are chosen so that sums are exact */
    } else {
        out->kind = A_INTEGER;
        out->integer = sum;
    }
}

static void sorted_answer(const test_case *t, uint32_t *rows, uint32_t n, test_answer *out) {
    double *v = (double *)malloc((n + 1) * sizeof *v), sum = 0;
    uint32_t i, best = 0, best_run = 0, run;
    sort_column = t->x;
    qsort(rows, n, sizeof *rows, by_value);
    for (i = 0; i < n; i++) {
        v[i] = cells[t->x][rows[i]].number;
    }
    switch (t->op) {
    case R_MEDIAN: number_answer(out, quantile_of(v, n, 0.5), 0); break;
    case R_QCONT: number_answer(out, quantile_of(v, n, 0.3), fabs(v[n - 1]) + fabs(v[0])); break;
    case R_QDISC: {
        uint32_t k = (uint32_t)ceil((double)n * 0.3);
        row_answer(out, rows[k > 0 ? k - 1 : 0]);
        break;
    }
    case R_MAD: {
        double median = quantile_of(v, n, 0.5);
        for (i = 0; i < n; i++) {
            v[i] = fabs(v[i] - median);
        }
        qsort(v, n, sizeof *v, by_number);
        number_answer(out, quantile_of(v, n, 0.5), 1000);
        break;
    }
    default:
        for (i = 0; i < n; i += run) {
            for (run = 1; i + run < n && compare_cells(t->x, rows[i], rows[i + run]) == 0; run++) {
            }
            if (run > best_run || (run == best_run && rows[i] < rows[best])) {
                best = i;
                best_run = run;
            }
            sum -= (double)run / n * log2((double)run / n);
        }
        if (t->op == R_MODE) {
            row_answer(out, rows[best]);
        } else {
            number_answer(out, sum, 1000);
        }
    }
    free(v);
}

static uint32_t keep_distinct(uint32_t column, uint32_t *rows, uint32_t n) {
    uint32_t i, kept = 0;
    sort_column = column;
    qsort(rows, n, sizeof *rows, by_value);
    for (i = 0; i < n; i++) {
        if (kept == 0 || compare_cells(column, rows[kept - 1], rows[i]) != 0) {
            rows[kept++] = rows[i];
        }
    }
    return kept;
}

/* Rows that count, in input order, then the answer. `rows` is scratch. */
static void answer(const test_case *t, const uint32_t *group, uint32_t size, uint32_t *rows,
                   test_answer *out) {
    bool keeps_nulls = t->op == R_COUNT_STAR || t->op == R_FIRST || t->op == R_LAST;
    bool pairs = t->op >= R_COVAR_SAMP || t->op == R_ARG_MIN || t->op == R_ARG_MAX;
    uint32_t n = 0, i, best;
    uint64_t bits;
    memset(out, 0, sizeof *out);
    for (i = 0; i < size; i++) {
        uint32_t r = group[i];
        if ((t->flags & F_FILTER) &&
            (cells[C_FL][r].null || cells[C_FL][r].integer.low == 0)) {
            continue;
        }
        if ((cells[t->x][r].null && !keeps_nulls) || (pairs && cells[t->y][r].null)) {
            continue;
        }
        rows[n++] = r;
    }
    if (t->flags & F_DISTINCT) {
        n = keep_distinct(t->x, rows, n);
    }
    if (t->op == R_COUNT_STAR || t->op == R_COUNT || t->op == R_REGR_COUNT) {
        out->kind = A_INTEGER;
        out->integer = tni_i128_from_i64(n);
        return;
    }
    if (n == 0) {
        return;
    }
    best = rows[0];
    bits = cells[t->x][best].integer.low;
    switch (t->op) {
    case R_SUM:
    case R_AVG: sums_answer(t, rows, n, out); return;
    case R_ANY:
    case R_FIRST: row_answer(out, best); return;
    case R_LAST: row_answer(out, rows[n - 1]); return;
    case R_MIN:
    case R_MAX:
    case R_ARG_MIN:
    case R_ARG_MAX:
        for (i = 1; i < n; i++) {
            bool by = t->op == R_ARG_MIN || t->op == R_ARG_MAX;
            int c = compare_cells(by ? t->y : t->x, rows[i], best);
            best = (t->op == R_MIN || t->op == R_ARG_MIN ? c < 0 : c > 0) ? rows[i] : best;
        }
        row_answer(out, best);
        return;
    case R_BIT_AND:
    case R_BIT_OR:
    case R_BIT_XOR:
        for (i = 1; i < n; i++) {
            uint64_t v = cells[t->x][rows[i]].integer.low;
            bits = t->op == R_BIT_AND ? bits & v : t->op == R_BIT_OR ? bits | v : bits ^ v;
        }
        out->kind = A_INTEGER;
        out->integer = t->x == C_U32 ? tni_i128_from_u64(bits) : tni_i128_from_i64((int64_t)bits);
        return;
    case R_BOOL_AND:
    case R_BOOL_OR:
        for (i = 1; i < n; i++) {
            uint64_t v = cells[t->x][rows[i]].integer.low;
            bits = t->op == R_BOOL_AND ? bits & v : bits | v;
        }
        out->kind = A_TEXT;
        out->text = (char *)malloc(8);
        memcpy(out->text, bits ? "true" : "false", bits ? 5 : 6);
        return;
    case R_COUNT_IF:
        for (i = 1; i < n; i++) {
            bits += cells[t->x][rows[i]].integer.low;
        }
        out->kind = A_INTEGER;
        out->integer = tni_i128_from_u64(bits);
        return;
    case R_PRODUCT: {
        double product = 1;
        for (i = 0; i < n; i++) {
            product *= cells[t->x][rows[i]].number;
        }
        number_answer(out, product, 0);
        return;
    }
    case R_JOIN: join_texts(out, rows, n, '|'); return;
    case R_JOIN_ORDERED:
        qsort(rows, n, sizeof *rows, by_order);
        join_texts(out, rows, n, ';');
        return;
    default: break;
    }
    if (t->op >= R_VAR_SAMP && t->op <= R_KURT) {
        moments_answer(t, rows, n, out);
    } else if (t->op >= R_COVAR_SAMP) {
        pair_answer(t, rows, n, out);
    } else if (t->op != R_FIRST_ORDERED && t->op != R_LAST_ORDERED) {
        sorted_answer(t, rows, n, out);
    }
}

/* first(x ORDER BY y), last(...): NULLs of y come last, NULLs of x are values. */
static void ordered_answer(const test_case *t, const uint32_t *group, uint32_t size,
                           test_answer *out) {
    uint32_t best = UINT32_MAX, i;
    memset(out, 0, sizeof *out);
    for (i = 0; i < size; i++) {
        uint32_t r = group[i];
        int c;
        if (best == UINT32_MAX) {
            best = r;
            continue;
        }
        c = cells[t->y][r].null || cells[t->y][best].null
                ? (int)cells[t->y][r].null - (int)cells[t->y][best].null
                : compare_cells(t->y, r, best);
        if (t->op == R_FIRST_ORDERED ? c < 0 : c >= 0) {
            best = r;
        }
    }
    if (best != UINT32_MAX) {
        row_answer(out, best);
    }
}

/* ---------------------------------------------------------------------------- checking --- */

static trueno_result *base; /* every plain cell, in row order: what A_ROW compares with */

static bool same_integer(tni_i128 v, uint32_t scale, const char *text) {
    char digits[64];
    char wanted[72];
    bool negative = v.high < 0;
    uint32_t n = 0, at = 0;
    tni_i128 rest, ten = tni_i128_from_i64(10), left = v;
    do {
        (void)tni_i128_divide(left, ten, &left, &rest);
        digits[n++] = (char)('0' + (negative ? -(int64_t)rest.low : (int64_t)rest.low));
    } while (left.low != 0 || left.high != 0 || n <= scale);
    if (negative) {
        wanted[at++] = '-';
    }
    while (n > 0) {
        wanted[at++] = digits[--n];
        if (scale > 0 && n == scale) {
            wanted[at++] = '.';
        }
    }
    wanted[at] = '\0';
    return strcmp(wanted, text) == 0;
}

static bool matches(const test_case *t, const test_answer *a, trueno_result *r, uint64_t row,
                    uint32_t column) {
    const char *text = trueno_get_text(r, row, column);
    bool null = trueno_get_is_null(r, row, column);
    double got;
    switch (a->kind) {
    case A_NULL: return null;
    case A_TEXT: return !null && strcmp(text, a->text) == 0;
    case A_INTEGER:
        return !null &&
               same_integer(a->integer,
                            t->op == R_SUM && columns[t->x].type == TRUENO_TYPE_DECIMAL
                                ? columns[t->x].scale
                                : 0,
                            text);
    case A_ROW:
        return null == trueno_get_is_null(base, a->row, t->x) &&
               strcmp(text, trueno_get_text(base, a->row, t->x)) == 0;
    default: break;
    }
    got = trueno_get_double(r, row, column);
    if (null || a->number != a->number || isinf(a->number)) {
        return !null && ((got != got && a->number != a->number) || got == a->number);
    }
    return fabs(got - a->number) <=
           (t->op == R_SUM ? 0 : 1e-12 * (fabs(a->number) + a->scale) + 1e-300);
}

/* Rows of each group, in input order. */
typedef struct test_groups {
    uint32_t *rows;
    uint32_t *starts;
    uint32_t count;
} test_groups;

static test_groups groups_of(uint32_t kind) {
    test_groups g;
    uint32_t i;
    uint32_t *next;
    g.count = key_count[kind];
    g.rows = (uint32_t *)malloc(ROWS * sizeof(uint32_t));
    g.starts = (uint32_t *)calloc(g.count + 1, sizeof(uint32_t));
    next = (uint32_t *)malloc((g.count + 1) * sizeof(uint32_t));
    for (i = 0; i < ROWS; i++) {
        g.starts[key_id[kind][i] + 1]++;
    }
    for (i = 0; i < g.count; i++) {
        g.starts[i + 1] += g.starts[i];
    }
    memcpy(next, g.starts, (g.count + 1) * sizeof(uint32_t));
    for (i = 0; i < ROWS; i++) {
        g.rows[next[key_id[kind][i]]++] = i;
    }
    free(next);
    return g;
}

/* SELECT min(r), cases [from, to) FROM `table` GROUP BY `keys`. */
static char *query_text(const char *table, uint32_t kind, uint32_t from, uint32_t to) {
    char *sql = (char *)malloc(16384);
    size_t at = (size_t)sprintf(sql, "SELECT min(r)");
    uint32_t c;
    for (c = from; c < to; c++) {
        at += (size_t)sprintf(sql + at, ", %s", cases[c].sql);
    }
    at += (size_t)sprintf(sql + at, " FROM %s", table);
    if (kind != K_NONE) {
        (void)sprintf(sql + at, " GROUP BY %s", key_sql[kind]);
    }
    return sql;
}

static bool check_query(trueno_result *r, const char *sql) {
    if (trueno_result_status(r) != TRUENO_OK) {
        printf("%.300s\n%s\n", sql, trueno_result_error_report(r));
        return false;
    }
    return true;
}

static uint64_t mix(uint64_t h, uint64_t v) {
    h = (h ^ v) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ (h >> 32);
}

/* Compare with the references; of many groups, some. */
static void check_cases(trueno_db *db, const char *table, uint32_t kind, uint32_t from,
                        uint32_t to) {
    char *sql = query_text(table, kind, from, to);
    trueno_result *r = trueno_query(db, sql);
    uint32_t failures = 0, c;
    uint64_t row;
    if (TNI_CHECK(check_query(r, sql)) &&
        TNI_CHECK_EQ_UINT(trueno_result_row_count(r), key_count[kind])) {
        test_groups g = groups_of(kind);
        uint32_t *scratch = (uint32_t *)malloc(ROWS * sizeof(uint32_t));
        for (row = 0; row < g.count; row += g.count / 3000 + 1) {
            uint32_t first = (uint32_t)trueno_get_int64(r, row, 0), id;
            if (first >= ROWS || g.rows[g.starts[id = key_id[kind][first]]] != first) {
                failures++;
                continue;
            }
            for (c = from; c < to; c++) {
                test_answer a;
                const uint32_t *rows = g.rows + g.starts[id];
                uint32_t n = g.starts[id + 1] - g.starts[id];
                if (cases[c].op == R_FIRST_ORDERED || cases[c].op == R_LAST_ORDERED) {
                    ordered_answer(&cases[c], rows, n, &a);
                } else {
                    answer(&cases[c], rows, n, scratch, &a);
                }
                if (!matches(&cases[c], &a, r, row, c - from + 1) && failures++ < 5) {
                    printf("%s GROUP BY %s (%s), group of row %u: got %s, expected %d %.17g %s\n",
                           cases[c].sql, key_sql[kind], table, first,
                           trueno_get_text(r, row, c - from + 1), (int)a.kind, a.number,
                           a.kind == A_ROW ? trueno_get_text(base, a.row, cases[c].x)
                                           : a.text != NULL ? a.text : "");
                }
                free(a.text);
            }
        }
        TNI_CHECK_EQ_UINT(failures, 0);
        free(scratch);
        free(g.rows);
        free(g.starts);
    }
    trueno_result_free(r);
    free(sql);
}

static uint64_t hash_cell(const trueno_batch *batch, trueno_type type, uint32_t i) {
    uint64_t words[2] = {0, 0}, h = (uint64_t)type;
    size_t width = 8;
    const char *text = NULL;
    size_t k;
    if (batch->validity != NULL && (batch->validity[i >> 6] >> (i & 63) & 1) == 0) {
        return 1;
    }
    switch (type) {
    case TRUENO_TYPE_BOOLEAN:
    case TRUENO_TYPE_TINYINT:
    case TRUENO_TYPE_UTINYINT: width = 1; break;
    case TRUENO_TYPE_SMALLINT:
    case TRUENO_TYPE_USMALLINT: width = 2; break;
    case TRUENO_TYPE_INTEGER:
    case TRUENO_TYPE_UINTEGER:
    case TRUENO_TYPE_FLOAT:
    case TRUENO_TYPE_DATE: width = 4; break;
    case TRUENO_TYPE_VARCHAR:
        text = ((const trueno_text *)batch->data)[i].data;
        width = ((const trueno_text *)batch->data)[i].length;
        break;
    case TRUENO_TYPE_HUGEINT: width = 16; break;
    default: break;
    }
    if (text == NULL) {
        memcpy(words, (const uint8_t *)batch->data + (size_t)i * width, width);
        return mix(mix(h, words[0]), words[1]);
    }
    for (k = 0; k < width; k++) {
        h = mix(h, (uint8_t)text[k]);
    }
    return h;
}

/* All bits of a result; rows in any order, or (`ordered`) in this one. DECIMAL goes as text. */
static uint64_t hash_result(trueno_result *r, bool ordered) {
    uint64_t rows = trueno_result_row_count(r), row, total = rows;
    uint64_t *h = (uint64_t *)calloc((size_t)rows + 1, sizeof *h);
    uint32_t c, i;
    for (c = 0; c < trueno_result_column_count(r); c++) {
        trueno_type type = trueno_result_column_type(r, c);
        trueno_batch batch;
        for (row = 0; row < rows && type != TRUENO_TYPE_DECIMAL; row += batch.rows) {
            if (!trueno_result_batch(r, c, row, &batch) || batch.rows == 0) {
                TNI_CHECK(false);
                break;
            }
            for (i = 0; i < batch.rows; i++) {
                h[row + i] = mix(h[row + i], hash_cell(&batch, type, i));
            }
        }
        for (row = 0; row < rows && type == TRUENO_TYPE_DECIMAL; row++) {
            const char *text = trueno_get_text(r, row, c);
            while (*text != '\0') {
                h[row] = mix(h[row], (uint8_t)*text++);
            }
        }
    }
    for (row = 0; row < rows; row++) {
        total = ordered ? mix(total, h[row]) : total + h[row];
    }
    free(h);
    return total;
}

/* -------------------------------------------------------------------------------- tests --- */

static trueno_db *open_db(uint32_t threads, uint64_t memory_limit) {
    trueno_config config;
    trueno_db *db = NULL;
    memset(&config, 0, sizeof config);
    config.threads = threads;
    config.memory_limit = memory_limit;
    TNI_CHECK_EQ_INT(trueno_open(&config, &db), TRUENO_OK);
    TNI_CHECK_EQ_INT(register_data(db, ROWS), TRUENO_OK);
    return db;
}

static void run(trueno_db *db, const char *sql) {
    trueno_result *r = trueno_query(db, sql);
    TNI_CHECK(check_query(r, sql));
    trueno_result_free(r);
}

static void usual_thresholds(void) {
    test_local_groups = 1u << 16;
    test_direct_limit = 1u << 21;
}

static void test_references(void) {
    trueno_db *db = open_db(2, 0);
    uint32_t kind;
    usual_thresholds();
    run(db, "CREATE TABLE coded AS SELECT * FROM plain");
    base = trueno_query(db, "SELECT r, i8, i16, i32, i64, u8, u16, u32, u64, hg, f32, f64, de, "
                            "big, dt, ts, bo, st, fl FROM plain");
    TNI_CHECK_EQ_UINT(trueno_result_row_count(base), ROWS);
    for (kind = 0; kind < KEYS; kind++) {
        check_cases(db, kind % 2 ? "coded" : "plain", kind, 0, CASES);
    }
    /* the other encoding, and partitions from the first rows on */
    check_cases(db, "plain", K_SMALL, 0, CASES);
    check_cases(db, "coded", K_TEXT, 0, CASES);
    test_local_groups = 16;
    test_direct_limit = 1;
    check_cases(db, "coded", K_PAIR, 0, CASES);
    check_cases(db, "plain", K_WIDE64, 0, CASES);
    usual_thresholds();
    trueno_result_free(base);
    trueno_close(db);
}

/* Any number of threads and any mode: the same rows, to the bit. */
static void test_threads(void) {
    static const uint32_t threads[] = {1, 2, 7};
    static const uint32_t kinds[] = {K_NONE, K_SMALL, K_TEXT, K_MANY, K_TRIPLE};
    uint64_t wanted[5];
    uint32_t t, k, mode;
    for (mode = 0; mode < 3; mode++) {
        test_local_groups = mode == 0 ? 1u << 16 : mode == 1 ? 64 : UINT32_MAX;
        test_direct_limit = mode == 0 ? 1u << 21 : 1;
        for (t = mode == 2 ? 2 : 0; t < 3; t++) {
            trueno_db *db = open_db(threads[t], 0);
            run(db, "CREATE TABLE coded AS SELECT * FROM plain");
            for (k = mode == 0 ? 0 : 2; k < 5; k++) {
                uint32_t from = kinds[k] < K_MANY ? 0 : CASES - 40;
                char *sql = query_text("coded", kinds[k], from, CASES);
                trueno_result *r = trueno_query(db, sql);
                uint64_t h = hash_result(r, false);
                TNI_CHECK(check_query(r, sql));
                if (mode == 0 && t == 0) {
                    wanted[k] = h;
                }
                TNI_CHECK_EQ_UINT(h, wanted[k]);
                trueno_result_free(r);
                free(sql);
            }
            trueno_close(db);
        }
    }
    usual_thresholds();
}

static void expect(trueno_db *db, const char *sql, const char *wanted) {
    trueno_result *r = trueno_query(db, sql);
    char *csv = NULL;
    size_t length = 0;
    if (TNI_CHECK(check_query(r, sql)) &&
        TNI_CHECK_EQ_INT(trueno_result_to_csv(r, &csv, &length), TRUENO_OK)) {
        const char *body = strchr(csv, '\n');
        if (!TNI_CHECK_TEXT(body == NULL ? "" : body + 1, wanted)) {
            printf("    %s\n", sql);
        }
        trueno_text_free(r, csv, length);
    }
    trueno_result_free(r);
}

static void expect_error(trueno_db *db, const char *sql, trueno_status status) {
    trueno_result *r = trueno_query(db, sql);
    if (!TNI_CHECK_EQ_INT(trueno_result_status(r), status)) {
        printf("    %s\n    %s\n", sql, trueno_result_error(r));
    }
    trueno_result_free(r);
}

/* Values at the edges of what states can hold. */
static void test_edges(void) {
    trueno_db *db = open_db(2, 0);
    usual_thresholds();
    expect(db, "SELECT count(*), count(i8), sum(i8), avg(f64), min(st), median(i8), "
               "string_agg(st), first(i8), stddev(i8), bool_and(bo) FROM plain WHERE r < 0",
           "0,0,,,,,,,,\n");
    expect(db, "SELECT ks, count(*) FROM plain WHERE r < 0 GROUP BY ks", "");
    expect(db, "SELECT DISTINCT kb FROM plain ORDER BY kb NULLS FIRST", "\nfalse\ntrue\n");
    /* a sum keeps 56 bits and more below its own group's largest value, not the table's */
    expect(db, "SELECT g, sum(x) FROM (VALUES (1, 1e15), (2, 1e-20), (1, 3.0), (3, 1e300), "
               "(1, -1e15), (4, 1e308), (4, 1e308), (4, -1e308), (2, 2e-20)) v(g, x) "
               "GROUP BY g ORDER BY g",
           "1,3.0\n2,2.9999999999999997e-20\n3,1e+300\n4,1e+308\n");
    expect(db, "SELECT g, sum(x), max(x), min(x) FROM (VALUES (1, 'inf'::DOUBLE), (1, 1.0), "
               "(2, 'inf'), (2, '-inf'), (3, 'nan'), (3, 1.0)) v(g, x) GROUP BY g ORDER BY g",
           "1,inf,inf,1.0\n2,nan,inf,-inf\n3,nan,nan,1.0\n");
    expect(db, "SELECT sum(x) FROM (VALUES (9223372036854775807), (9223372036854775807)) v(x)",
           "18446744073709551614\n");
    expect_error(db, "SELECT sum(x) FROM (VALUES "
                     "(170141183460469231731687303715884105727::HUGEINT), (1)) v(x)",
                 TRUENO_ERROR_OUT_OF_RANGE);
    expect_error(db, "SELECT g, sum(x) FROM (VALUES "
                     "(1.5, 170141183460469231731687303715884105727::HUGEINT), (1.5, 1)) v(g, x) "
                     "GROUP BY g",
                 TRUENO_ERROR_OUT_OF_RANGE);
    expect(db, "SELECT x, count(*) FROM (VALUES (0.0), (-0.0), ('nan'::DOUBLE), ('nan'), (NULL)) "
               "v(x) GROUP BY x ORDER BY x",
           "0.0,2\nnan,2\n,1\n");
    expect(db, "SELECT i, count(*) FROM (SELECT to_days((r % 3)::INTEGER) AS i FROM plain) "
               "GROUP BY i ORDER BY i",
           "00:00:00,44000\n1 day,44000\n2 days,44000\n");
    trueno_close(db);
}

/* ---------------------------------------------------------------------- temporary files --- */

/* The system's files, counted, with a write that can be made to fail. */
typedef struct test_files {
    trueno_files system;
    tni_atomic_i32 open, made, removed, writes;
    int32_t fail_at;      /* this write and all after it; 0: none */
    int32_t interrupt_at; /* this write; 0: none */
    trueno_db *db;
} test_files;

static int files_open(void *user, const char *path, trueno_file_mode mode, void **file) {
    test_files *f = (test_files *)user;
    int code = f->system.open(f->system.user, path, mode, file);
    if (code == 0) {
        (void)tni_atomic_add_i32(&f->open, 1);
        (void)tni_atomic_add_i32(&f->made, mode == TRUENO_FILE_WRITE ? 1 : 0);
    }
    return code;
}

static int files_size(void *user, void *file, uint64_t *size) {
    test_files *f = (test_files *)user;
    return f->system.size(f->system.user, file, size);
}

static int files_read(void *user, void *file, uint64_t offset, void *out, size_t size,
                      size_t *done) {
    test_files *f = (test_files *)user;
    return f->system.read(f->system.user, file, offset, out, size, done);
}

static int files_write(void *user, void *file, const void *in, size_t size) {
    test_files *f = (test_files *)user;
    int32_t number = tni_atomic_add_i32(&f->writes, 1) + 1;
    if (f->fail_at != 0 && number >= f->fail_at) {
        return 28; /* no space left on device */
    }
    if (number == f->interrupt_at) {
        trueno_interrupt(f->db);
    }
    return f->system.write(f->system.user, file, in, size);
}

static int files_close(void *user, void *file) {
    test_files *f = (test_files *)user;
    (void)tni_atomic_add_i32(&f->open, -1);
    return f->system.close(f->system.user, file);
}

static int files_remove(void *user, const char *path) {
    test_files *f = (test_files *)user;
    (void)tni_atomic_add_i32(&f->removed, 1);
    return f->system.remove(f->system.user, path);
}

static trueno_db *open_limited(uint32_t threads, uint64_t megabytes, test_files *files,
                               bool no_spill) {
    trueno_config config;
    trueno_db *db = NULL;
    int32_t fail_at = files->fail_at, interrupt_at = files->interrupt_at;
    memset(&config, 0, sizeof config);
    memset(files, 0, sizeof *files);
    files->fail_at = fail_at;
    files->interrupt_at = interrupt_at;
    tni_files_default(&files->system);
    config.files = files->system;
    config.files.open = files_open;
    config.files.size = files_size;
    config.files.read = files_read;
    config.files.write = files_write;
    config.files.close = files_close;
    config.files.remove = files_remove;
    config.files.map = NULL;
    config.files.user = files;
    config.threads = threads;
    config.memory_limit = megabytes << 20;
    config.no_spill = no_spill;
    TNI_CHECK_EQ_INT(trueno_open(&config, &db), TRUENO_OK);
    files->db = db;
    return db;
}

static void check_files_gone(test_files *files) {
    TNI_CHECK_EQ_INT(tni_atomic_load_i32(&files->open), 0);
    TNI_CHECK_EQ_INT(tni_atomic_load_i32(&files->made), tni_atomic_load_i32(&files->removed));
}

typedef struct test_spill {
    const char *sql;
    uint64_t megabytes;
    uint32_t rows;
} test_spill;

/* Answers of many groups, folded to one row, over %u rows. */
static const test_spill spills[] = {
    {"SELECT count(*), sum(k), sum(c), sum(s), sum(hash(k + h) % 1009) FROM (SELECT "
     "(range * 7919) % 2000003 AS k, count(*) AS c, sum(range) AS s, max(range) AS h "
     "FROM range(%u) GROUP BY k)", 24, 2500000},
    {"SELECT count(*), sum(c), min(k), max(k), sum(length(k)), sum(hash(k) % 1009 * c) FROM "
     "(SELECT 'a string key ' || ((range * 7919) % 900007) AS k, count(*) AS c FROM range(%u) "
     "GROUP BY k)", 20, 700000},
    {"SELECT count(*), sum(c), min(k), max(j), sum(hash(k || j) % 1009 * s) FROM (SELECT "
     "'k' || (range % 1000) AS k, (range * 7919) % 900007 AS j, count(*) AS c, "
     "sum(range % 97) AS s FROM range(%u) GROUP BY ALL)", 20, 700000},
    {"SELECT count(*), sum(m), sum(length(s)), sum(hash(s) % 1009) FROM (SELECT "
     "(range * 7919) % 300007 AS k, median(range) AS m, string_agg('x' || range, ',') AS s "
     "FROM range(%u) GROUP BY k)", 20, 400000},
    {"SELECT count(*), min(x), max(y), sum(hash(x) % 1009), sum(hash(y) % 1009), "
     "sum(hash(f) % 1009), sum(a % 1009) FROM (SELECT (range * 7919) % 300007 AS k, "
     "min('value number ' || range) AS x, max('value number ' || range % 1000) AS y, "
     "first('the first one ' || range) AS f, avg(range / 3) AS a FROM range(%u) "
     "GROUP BY k)", 20, 300000},
    {"SELECT count(DISTINCT (range * 7919) % 900007), count(DISTINCT 's' || range % 400000) "
     "FROM range(%u)", 20, 700000},
    {"SELECT count(*), sum(d), sum(c) FROM (SELECT (range * 7919) % 100003 AS k, "
     "count(DISTINCT range % 100019) AS d, count(*) AS c FROM range(%u) GROUP BY k)", 20, 700000},
};
#define SPILLS (sizeof spills / sizeof spills[0])

static char *spill_text(uint32_t which) {
    char *sql = (char *)malloc(1024);
    const char *in = spills[which].sql;
    size_t n = 0;
    for (; *in != '\0'; in++) {
        if (in[0] == '%' && in[1] == 'u') {
            n += (size_t)snprintf(sql + n, 1024 - n, "%u", spills[which].rows);
            in++;
        } else {
            sql[n++] = *in;
        }
    }
    sql[n] = '\0';
    return sql;
}

/* Under a limit of a few tens of megabytes: the same bits, by way of files that are gone after. */
static void test_spilling(void) {
    test_files files;
    uint32_t i, t;
    memset(&files, 0, sizeof files);
    for (i = 0; i < SPILLS; i++) {
        char *sql = spill_text(i);
        trueno_db *db = open_limited(2, 0, &files, false);
        trueno_result *whole = trueno_query(db, sql);
        uint64_t wanted = hash_result(whole, true);
        TNI_CHECK(check_query(whole, sql));
        TNI_CHECK_EQ_UINT(trueno_result_info(whole)->spilled_bytes, 0);
        trueno_result_free(whole);
        trueno_close(db);
        for (t = 1; t <= 2; t++) {
            trueno_result *r;
            db = open_limited(t, spills[i].megabytes, &files, false);
            r = trueno_query(db, sql);
            TNI_CHECK(check_query(r, sql));
            TNI_CHECK_EQ_UINT(hash_result(r, true), wanted);
            TNI_CHECK(trueno_result_info(r)->spilled_bytes > 1000000);
            trueno_result_free(r);
            check_files_gone(&files);
            trueno_close(db);
        }
        free(sql);
    }
}

static void check_spill_error(trueno_db *db, uint32_t which, test_files *files,
                              trueno_status wanted, const char *part) {
    char *sql = spill_text(which);
    trueno_result *r = trueno_query(db, sql);
    TNI_CHECK_EQ_INT(trueno_result_status(r), wanted);
    if (!TNI_CHECK(strstr(trueno_result_error(r), part) != NULL)) {
        printf("    %s\n", trueno_result_error(r));
    }
    trueno_result_free(r);
    free(sql);
    check_files_gone(files);
    trueno_close(db);
}

/* Whatever goes wrong with files, the error says what it was and nothing stays behind. */
static void test_spill_failures(void) {
    static const int32_t fails[] = {1, 2, 50, 800};
    test_files files;
    uint32_t i, t;
    memset(&files, 0, sizeof files);
    for (i = 0; i < 4; i++) {
        for (t = 1; t <= 2; t++) {
            files.fail_at = fails[i];
            check_spill_error(open_limited(t, 24, &files, false), 0, &files,
                              TRUENO_ERROR_IO, "cannot write temporary file");
        }
    }
    files.fail_at = 0;
    for (i = 2; i <= 500; i *= 20) {
        files.interrupt_at = (int32_t)i;
        check_spill_error(open_limited(2, 24, &files, false), 0, &files,
                          TRUENO_ERROR_INTERRUPTED, "interrupted");
    }
    files.interrupt_at = 0;
    check_spill_error(open_limited(2, 24, &files, true), 0, &files,
                      TRUENO_ERROR_MEMORY_LIMIT, "no_spill");
    check_spill_error(open_limited(2, 24, &files, true), 1, &files,
                      TRUENO_ERROR_MEMORY_LIMIT, "memory_limit");
    { /* the values of one group have to be in memory together */
        trueno_db *db = open_limited(2, 24, &files, false);
        trueno_result *r = trueno_query(db, "SELECT k, median(v) FROM (SELECT 'a' AS k, "
                                            "range AS v FROM range(4000000)) GROUP BY k");
        TNI_CHECK_EQ_INT(trueno_result_status(r), TRUENO_ERROR_MEMORY_LIMIT);
        if (!TNI_CHECK(strstr(trueno_result_error(r), "memory_limit 25165824") != NULL)) {
            printf("    %s\n", trueno_result_error(r));
        }
        trueno_result_free(r);
        check_files_gone(&files);
        trueno_close(db);
    }
}

/* Groups go out in the same order on any number of threads, in every mode. */
static void test_order(void) {
    static const char *const queries[] = {
        "SELECT km, count(*) FROM coded GROUP BY km LIMIT 5",
        "SELECT km, kd, count(*), sum(i32) FROM plain GROUP BY km, kd",
        "SELECT kl, kt, count(*) FROM plain GROUP BY kl, kt",
        "SELECT kl || r % 20, max(i64) FROM plain GROUP BY 1",
        "SELECT kl, count(DISTINCT i16) FROM plain GROUP BY kl",
        "SELECT DISTINCT kw, kb FROM coded",
        "SELECT kw, count(*) FROM plain GROUP BY kw ORDER BY 2 DESC",
        "SELECT km, kl, count(*) FROM coded GROUP BY km, kl ORDER BY 3 LIMIT 50",
        "SELECT string_agg(DISTINCT kt) FROM plain",
    };
    static const uint32_t threads[] = {1, 2, 7};
    uint64_t wanted[TNI_COUNT_OF(queries)];
    uint32_t t, q, mode;
    for (mode = 0; mode < 3; mode++) {
        test_local_groups = mode == 0 ? 1u << 16 : mode == 1 ? 512 : UINT32_MAX;
        for (t = 0; t < 3; t++) {
            trueno_db *db = open_db(threads[t], 0);
            run(db, "CREATE TABLE coded AS SELECT * FROM plain");
            for (q = 0; q < TNI_COUNT_OF(queries); q++) {
                trueno_result *r = trueno_query(db, queries[q]);
                uint64_t h = hash_result(r, true);
                TNI_CHECK(check_query(r, queries[q]));
                if (mode == 0 && t == 0) {
                    wanted[q] = h;
                }
                if (!TNI_CHECK_EQ_UINT(h, wanted[q])) {
                    printf("    %s, %u threads, mode %u\n", queries[q], threads[t], mode);
                }
                trueno_result_free(r);
            }
            trueno_close(db);
        }
    }
    usual_thresholds();
}

int main(void) {
    usual_thresholds();
    fill();
    test_references();
    test_threads();
    test_edges();
    test_order();
    test_spilling();
    test_spill_failures();
    fill_free();
    return tni_test_report();
}
