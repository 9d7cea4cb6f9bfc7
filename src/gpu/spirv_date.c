/*
 * spirv_date.c - parts of dates and moments, truncation, sums with days and intervals; see
 * spirv_internal.h.
 *
 * The calendar is that of plan/scalar_date.c: unsigned 32-bit words, years counted from 800,000
 * before our era so that nothing is negative. Dates outside what a TIMESTAMP can hold raise the
 * flag: the processor has another way for them. Infinite dates have no parts, and stay what they
 * are under truncation and sums.
 *
 * Uses: base/datetime.h, plan/scalar_internal.h, gpu/spirv_internal.h.
 */
#include "gpu/spirv_internal.h"
#include "plan/scalar_internal.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_EMIT_YEARS 800000u        /* added to years */
#define TNI_EMIT_MOST_DAYS 106751992u /* of a TIMESTAMP */

typedef struct tni_emit_moment {
    tni_type type;
    uint32_t days, time; /* a word; microseconds into the day, 0: none */
    uint32_t infinite;   /* boolean; 0: it cannot be */
} tni_emit_moment;

typedef struct tni_emit_civil {
    uint32_t year, month, day; /* words */
} tni_emit_civil;

/* -------------------------------------------------------------------------------- pieces --- */

static uint32_t tni_emit_word_2(tni_emit *e, tni_spirv_op op, uint32_t a, uint32_t constant) {
    return tni_emit_2(e, op, TNI_EMIT_WORD, a, tni_spirv_u32(&e->spirv, constant));
}

/* v % constant of an unsigned word, its quotient given */
static uint32_t tni_emit_word_rest(tni_emit *e, uint32_t v, uint32_t quotient, uint32_t by) {
    return tni_emit_2(e, TNI_SPIRV_I_SUB, TNI_EMIT_WORD, v,
                      tni_emit_word_2(e, TNI_SPIRV_I_MUL, quotient, by));
}

static uint32_t tni_emit_long_of_word(tni_emit *e, uint32_t v) { /* signed */
    return tni_emit_to_long(e, TNI_PHYSICAL_I32, v);
}

TNI_FN bool tni_emit_temporal(tni_type type) {
    return type.id == TRUENO_TYPE_DATE || tni_type_is_timestamp(type);
}

static bool tni_emit_in_microseconds(tni_type type) {
    return type.id == TRUENO_TYPE_TIMESTAMP || type.id == TRUENO_TYPE_TIMESTAMP_TZ;
}

/* Is a date or moment one of the infinities? */
static uint32_t tni_emit_infinite(tni_emit *e, tni_type type, uint32_t v) {
    tni_emit_class c = type.id == TRUENO_TYPE_DATE ? TNI_EMIT_WORD : TNI_EMIT_LONG;
    uint64_t most = c == TNI_EMIT_WORD ? INT32_MAX : (uint64_t)INT64_MAX;
    uint32_t plus = tni_emit_test(e, TNI_SPIRV_I_EQUAL, v, tni_emit_number(e, c, most));
    return tni_emit_either(e, plus,
                           tni_emit_test(e, TNI_SPIRV_I_EQUAL, v, tni_emit_number(e, c, 0 - most)));
}

/* DATE, TIME, TIMESTAMP in microseconds; false for the rest. */
static bool tni_emit_split(tni_emit *e, tni_type type, uint32_t v, tni_emit_moment *out) {
    memset(out, 0, sizeof *out);
    out->type = type;
    if (type.id == TRUENO_TYPE_TIME) {
        out->time = v;
        return true;
    }
    if (type.id != TRUENO_TYPE_DATE && !tni_emit_in_microseconds(type)) {
        return false;
    }
    out->infinite = tni_emit_infinite(e, type, v);
    out->days = v;
    if (type.id != TRUENO_TYPE_DATE) {
        out->days = tni_emit_floor_divide(e, v, TNI_US_PER_DAY, &out->time);
        out->days = tni_emit_from_long(e, TNI_EMIT_WORD, out->days);
    }
    return true;
}

/* Days that the calendar below cannot take raise the flag. */
static void tni_emit_check_days(tni_emit *e, const tni_ir_node *node, const tni_emit_moment *m,
                                uint32_t valid) {
    if (m->type.id == TRUENO_TYPE_DATE) {
        uint32_t shifted = tni_emit_word_2(e, TNI_SPIRV_I_ADD, m->days, TNI_EMIT_MOST_DAYS);
        uint32_t far = tni_emit_test(e, TNI_SPIRV_U_GREATER, shifted,
                                     tni_spirv_u32(&e->spirv, 2 * TNI_EMIT_MOST_DAYS));
        tni_emit_fail(e, node, tni_emit_both(e, far, tni_emit_not(e, m->infinite)), valid);
    }
}

/* tni_date_civil */
static tni_emit_civil tni_emit_civil_of(tni_emit *e, uint32_t days) {
    tni_spirv *s = &e->spirv;
    uint32_t n = tni_emit_word_2(e, TNI_SPIRV_I_ADD, days, 292913468u);
    uint32_t century, rest, product, of_year, scaled, late, high;
    tni_emit_civil r;
    n = tni_emit_word_2(e, TNI_SPIRV_I_ADD, tni_emit_word_2(e, TNI_SPIRV_I_MUL, n, 4), 3);
    century = tni_emit_word_2(e, TNI_SPIRV_U_DIV, n, 146097);
    rest = tni_emit_word_2(e, TNI_SPIRV_OR, tni_emit_word_rest(e, n, century, 146097), 3);
    product = tni_emit_2(e, TNI_SPIRV_I_MUL, TNI_EMIT_LONG,
                         tni_spirv_1(s, TNI_SPIRV_U_CONVERT, s->type_u64, rest),
                         tni_spirv_u64(s, 2939745));
    high = tni_emit_from_long(
        e, TNI_EMIT_WORD,
        tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, TNI_EMIT_LONG, product, tni_spirv_u32(s, 32)));
    of_year = tni_emit_from_long(e, TNI_EMIT_WORD, product);
    of_year = tni_emit_word_2(e, TNI_SPIRV_U_DIV, of_year, 2939745);
    of_year = tni_emit_word_2(e, TNI_SPIRV_SHIFT_RIGHT, of_year, 2);
    scaled = tni_emit_word_2(e, TNI_SPIRV_I_ADD, tni_emit_word_2(e, TNI_SPIRV_I_MUL, of_year, 2141),
                             197913);
    late = tni_emit_test(e, TNI_SPIRV_U_LESS, tni_spirv_u32(s, 305), of_year);
    r.year = tni_emit_2(e, TNI_SPIRV_I_ADD, TNI_EMIT_WORD,
                        tni_emit_word_2(e, TNI_SPIRV_I_MUL, century, 100), high);
    r.year = tni_emit_word_2(e, TNI_SPIRV_I_SUB, r.year, TNI_EMIT_YEARS);
    r.year = tni_emit_select(e, TNI_EMIT_WORD, late, tni_emit_word_2(e, TNI_SPIRV_I_ADD, r.year, 1),
                             r.year);
    r.month = tni_emit_word_2(e, TNI_SPIRV_SHIFT_RIGHT, scaled, 16);
    r.month = tni_emit_select(e, TNI_EMIT_WORD, late,
                              tni_emit_word_2(e, TNI_SPIRV_I_SUB, r.month, 12), r.month);
    r.day = tni_emit_word_2(e, TNI_SPIRV_AND, scaled, 65535);
    r.day = tni_emit_word_2(e, TNI_SPIRV_U_DIV, r.day, 2141);
    r.day = tni_emit_word_2(e, TNI_SPIRV_I_ADD, r.day, 1);
    return r;
}

/* Days of the years before year `year` of the shifted count, which begin in March. */
static uint32_t tni_emit_days_of_years(uint32_t year) {
    return 365 * year + year / 4 - year / 100 + year / 400;
}

/* The first day of a month; `month` 0: of January. */
static uint32_t tni_emit_first_day(tni_emit *e, uint32_t year, uint32_t month) {
    tni_spirv *s = &e->spirv;
    uint32_t early = 0, days = 0, century, part;
    year = tni_emit_word_2(e, TNI_SPIRV_I_ADD, year, TNI_EMIT_YEARS);
    if (month == 0) {
        year = tni_emit_word_2(e, TNI_SPIRV_I_SUB, year, 1);
        part = tni_spirv_u32(s, 306);
    } else {
        early = tni_emit_test(e, TNI_SPIRV_U_LESS, month, tni_spirv_u32(s, 3));
        year = tni_emit_select(e, TNI_EMIT_WORD, early,
                               tni_emit_word_2(e, TNI_SPIRV_I_SUB, year, 1), year);
        month = tni_emit_select(e, TNI_EMIT_WORD, early,
                                tni_emit_word_2(e, TNI_SPIRV_I_ADD, month, 12), month);
        part = tni_emit_word_2(e, TNI_SPIRV_I_MUL, month, 979); /* as tni_days_from_civil */
        part = tni_emit_word_2(e, TNI_SPIRV_I_SUB, part, 2919);
        part = tni_emit_word_2(e, TNI_SPIRV_SHIFT_RIGHT, part, 5);
    }
    century = tni_emit_word_2(e, TNI_SPIRV_U_DIV, year, 100);
    days = tni_emit_word_2(e, TNI_SPIRV_I_MUL, year, 365);
    days = tni_emit_2(e, TNI_SPIRV_I_ADD, TNI_EMIT_WORD, days,
                      tni_emit_word_2(e, TNI_SPIRV_SHIFT_RIGHT, year, 2));
    days = tni_emit_2(e, TNI_SPIRV_I_SUB, TNI_EMIT_WORD, days, century);
    days = tni_emit_2(e, TNI_SPIRV_I_ADD, TNI_EMIT_WORD, days,
                      tni_emit_word_2(e, TNI_SPIRV_SHIFT_RIGHT, century, 2));
    days = tni_emit_2(e, TNI_SPIRV_I_ADD, TNI_EMIT_WORD, days, part);
    /* 1 March 1970 is day 59 */
    return tni_emit_word_2(e, TNI_SPIRV_I_SUB, days,
                           tni_emit_days_of_years(1970 + TNI_EMIT_YEARS) - 59);
}

/* 0 = Sunday; 2^31 is 2 modulo 7, and day 0 a Thursday */
static uint32_t tni_emit_weekday(tni_emit *e, uint32_t days, uint32_t first) {
    uint32_t u = tni_emit_word_2(e, TNI_SPIRV_XOR, days, UINT32_C(1) << 31);
    u = tni_emit_word_rest(e, u, tni_emit_word_2(e, TNI_SPIRV_U_DIV, u, 7), 7);
    u = tni_emit_word_2(e, TNI_SPIRV_I_ADD, u, 2 + 7 - first);
    return tni_emit_word_rest(e, u, tni_emit_word_2(e, TNI_SPIRV_U_DIV, u, 7), 7);
}

static uint32_t tni_emit_monday(tni_emit *e, uint32_t days) { /* of the week */
    return tni_emit_2(e, TNI_SPIRV_I_SUB, TNI_EMIT_WORD, days, tni_emit_weekday(e, days, 1));
}

/* ISO 8601: the year of the week's Thursday, weeks from 1. */
static uint32_t tni_emit_week(tni_emit *e, uint32_t days, uint32_t *year) {
    uint32_t thursday = tni_emit_word_2(e, TNI_SPIRV_I_ADD, tni_emit_monday(e, days), 3), week;
    *year = tni_emit_civil_of(e, thursday).year;
    week = tni_emit_2(e, TNI_SPIRV_I_SUB, TNI_EMIT_WORD, thursday, tni_emit_first_day(e, *year, 0));
    return tni_emit_word_2(e, TNI_SPIRV_I_ADD, tni_emit_word_2(e, TNI_SPIRV_U_DIV, week, 7), 1);
}

/* --------------------------------------------------------------------------------- parts --- */

/* (us % most) / unit of microseconds into a day */
static uint32_t tni_emit_part_of_time(tni_emit *e, uint32_t time, uint64_t most, uint64_t unit) {
    uint32_t rest = time;
    if (time == 0) {
        return tni_spirv_u64(&e->spirv, 0);
    }
    if (most < (uint64_t)TNI_US_PER_DAY) {
        (void)tni_emit_floor_divide(e, time, most, &rest);
    }
    return unit == 1 ? rest
                     : tni_emit_2(e, TNI_SPIRV_U_DIV, TNI_EMIT_LONG, rest,
                                  tni_spirv_u64(&e->spirv, unit));
}

static uint32_t tni_emit_signed_quotient(tni_emit *e, uint32_t v, uint32_t by) {
    return tni_emit_word_2(e, TNI_SPIRV_S_DIV, v, by);
}

/* year > 0 ? (year - 1) / unit + 1 : year / unit - 1 */
static uint32_t tni_emit_ceiling(tni_emit *e, uint32_t year, uint32_t unit) {
    uint32_t past = tni_emit_test(e, TNI_SPIRV_S_LESS, tni_spirv_u32(&e->spirv, 0), year);
    uint32_t after =
        tni_emit_signed_quotient(e, tni_emit_word_2(e, TNI_SPIRV_I_SUB, year, 1), unit);
    uint32_t before = tni_emit_signed_quotient(e, year, unit);
    return tni_emit_select(e, TNI_EMIT_WORD, past, tni_emit_word_2(e, TNI_SPIRV_I_ADD, after, 1),
                           tni_emit_word_2(e, TNI_SPIRV_I_SUB, before, 1));
}

/* A part of a day, as a word; 0: not here. */
static uint32_t tni_emit_part_of_day(tni_emit *e, tni_date_part part, uint32_t days) {
    tni_emit_civil civil;
    uint32_t year = 0, week, positive;
    switch (part) {
    case TNI_PART_WEEKDAY: return tni_emit_weekday(e, days, 0);
    case TNI_PART_ISO_WEEKDAY:
        return tni_emit_word_2(e, TNI_SPIRV_I_ADD, tni_emit_weekday(e, days, 1), 1);
    case TNI_PART_WEEK: return tni_emit_week(e, days, &year);
    case TNI_PART_ISO_YEAR: (void)tni_emit_week(e, days, &year); return year;
    case TNI_PART_YEAR_WEEK:
        week = tni_emit_week(e, days, &year);
        positive = tni_emit_test(e, TNI_SPIRV_S_LESS, tni_spirv_u32(&e->spirv, 0), year);
        year = tni_emit_word_2(e, TNI_SPIRV_I_MUL, year, 100);
        return tni_emit_select(e, TNI_EMIT_WORD, positive,
                               tni_emit_2(e, TNI_SPIRV_I_ADD, TNI_EMIT_WORD, year, week),
                               tni_emit_2(e, TNI_SPIRV_I_SUB, TNI_EMIT_WORD, year, week));
    default: break;
    }
    civil = tni_emit_civil_of(e, days);
    switch (part) {
    case TNI_PART_YEAR: return civil.year;
    case TNI_PART_MONTH: return civil.month;
    case TNI_PART_DAY: return civil.day;
    case TNI_PART_QUARTER:
        return tni_emit_word_2(e, TNI_SPIRV_U_DIV,
                               tni_emit_word_2(e, TNI_SPIRV_I_ADD, civil.month, 2), 3);
    case TNI_PART_DAY_OF_YEAR:
        days = tni_emit_2(e, TNI_SPIRV_I_SUB, TNI_EMIT_WORD, days,
                          tni_emit_first_day(e, civil.year, 0));
        return tni_emit_word_2(e, TNI_SPIRV_I_ADD, days, 1);
    case TNI_PART_DECADE: return tni_emit_signed_quotient(e, civil.year, 10);
    case TNI_PART_CENTURY: return tni_emit_ceiling(e, civil.year, 100);
    case TNI_PART_MILLENNIUM: return tni_emit_ceiling(e, civil.year, 1000);
    default: return 0;
    }
}

/* A part as a 64-bit integer; 0: not here. */
static uint32_t tni_emit_moment_part(tni_emit *e, tni_date_part part, const tni_emit_moment *m) {
    const uint64_t second = TNI_US_PER_SECOND, minute = 60 * second, hour = 60 * minute;
    uint32_t time = m->time, word;
    switch (part) {
    case TNI_PART_MICROSECOND: return tni_emit_part_of_time(e, time, minute, 1);
    case TNI_PART_MILLISECOND: return tni_emit_part_of_time(e, time, minute, 1000);
    case TNI_PART_SECOND: return tni_emit_part_of_time(e, time, minute, second);
    case TNI_PART_MINUTE: return tni_emit_part_of_time(e, time, hour, minute);
    case TNI_PART_HOUR: return tni_emit_part_of_time(e, time, TNI_US_PER_DAY, hour);
    default: break;
    }
    word = m->days == 0 ? 0 : tni_emit_part_of_day(e, part, m->days);
    return word == 0 ? 0 : tni_emit_long_of_word(e, word);
}

TNI_FN trueno_status tni_emit_date_part(tni_emit *e, const tni_ir_node *node, tni_emit_value *out) {
    uint32_t argument = node->arguments[node->argument_count - 1];
    tni_emit_moment m;
    if (node->bound == NULL || node->type.id != TRUENO_TYPE_BIGINT ||
        !tni_emit_split(e, e->program->nodes[argument].type, e->registers[argument].id, &m)) {
        return tni_emit_refuse(e, node, node->function->name);
    }
    tni_emit_check_days(e, node, &m, out->valid);
    out->id = tni_emit_moment_part(e, *(const tni_date_part *)node->bound, &m);
    if (m.infinite != 0) {
        out->valid = tni_emit_both(e, out->valid, tni_emit_not(e, m.infinite));
    }
    return out->id == 0 ? tni_emit_refuse(e, node, node->function->name) : TRUENO_OK;
}

/* The first day of the unit of a day; 0: not here. */
static uint32_t tni_emit_trunc_days(tni_emit *e, tni_date_part part, uint32_t days) {
    tni_emit_civil civil;
    uint32_t unit, year;
    switch (part) {
    case TNI_PART_DAY: return days;
    case TNI_PART_WEEK:
    case TNI_PART_YEAR_WEEK: return tni_emit_monday(e, days);
    case TNI_PART_ISO_YEAR:
        (void)tni_emit_week(e, days, &year);
        days = tni_emit_word_2(e, TNI_SPIRV_I_ADD, tni_emit_first_day(e, year, 0), 3);
        return tni_emit_monday(e, days); /* 4 January is always in week 1 */
    default: break;
    }
    civil = tni_emit_civil_of(e, days);
    switch (part) {
    case TNI_PART_MONTH:
        days = tni_emit_2(e, TNI_SPIRV_I_SUB, TNI_EMIT_WORD, days, civil.day);
        return tni_emit_word_2(e, TNI_SPIRV_I_ADD, days, 1);
    case TNI_PART_QUARTER:
        civil.month = tni_emit_word_2(e, TNI_SPIRV_I_SUB, civil.month, 1);
        civil.month = tni_emit_word_2(e, TNI_SPIRV_U_DIV, civil.month, 3);
        civil.month = tni_emit_word_2(e, TNI_SPIRV_I_MUL, civil.month, 3);
        civil.month = tni_emit_word_2(e, TNI_SPIRV_I_ADD, civil.month, 1);
        return tni_emit_first_day(e, civil.year, civil.month);
    case TNI_PART_YEAR: return tni_emit_first_day(e, civil.year, 0);
    case TNI_PART_DECADE: unit = 10; break;
    case TNI_PART_CENTURY: unit = 100; break;
    case TNI_PART_MILLENNIUM: unit = 1000; break;
    default: return 0;
    }
    civil.year = tni_emit_signed_quotient(e, civil.year, unit);
    return tni_emit_first_day(e, tni_emit_word_2(e, TNI_SPIRV_I_MUL, civil.year, unit), 0);
}

/* Microseconds of the units that divide a day; 0: no such unit. */
static uint64_t tni_emit_unit_us(tni_date_part part) {
    switch (part) {
    case TNI_PART_MICROSECOND: return 1;
    case TNI_PART_MILLISECOND: return 1000;
    case TNI_PART_SECOND: return TNI_US_PER_SECOND;
    case TNI_PART_MINUTE: return 60 * (uint64_t)TNI_US_PER_SECOND;
    case TNI_PART_HOUR: return 3600 * (uint64_t)TNI_US_PER_SECOND;
    default: return 0;
    }
}

TNI_FN trueno_status tni_emit_date_trunc(tni_emit *e, const tni_ir_node *node,
                                         tni_emit_value *out) {
    tni_type type = e->program->nodes[node->arguments[1]].type;
    uint32_t us = e->registers[node->arguments[1]].id, rest, r;
    tni_emit_moment m;
    tni_date_part part;
    uint64_t unit;
    if (node->bound == NULL || !tni_emit_in_microseconds(type)) {
        return tni_emit_refuse(e, node, node->function->name);
    }
    part = *(const tni_date_part *)node->bound;
    unit = tni_emit_unit_us(part);
    if (unit != 0) {
        (void)tni_emit_floor_divide(e, us, unit, &rest);
        r = tni_emit_2(e, TNI_SPIRV_I_SUB, TNI_EMIT_LONG, us, rest);
    } else {
        (void)tni_emit_split(e, type, us, &m);
        r = tni_emit_trunc_days(e, part, m.days);
        if (r == 0) {
            return tni_emit_refuse(e, node, node->function->name);
        }
        r = tni_emit_2(e, TNI_SPIRV_I_MUL, TNI_EMIT_LONG, tni_emit_long_of_word(e, r),
                       tni_spirv_u64(&e->spirv, TNI_US_PER_DAY));
    }
    out->id = tni_emit_select(e, TNI_EMIT_LONG, tni_emit_infinite(e, type, us), us, r);
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------------- sums --- */

/* DATE + or - whole days: the infinities stay, and nothing else may become one. */
static void tni_emit_add_days(tni_emit *e, const tni_ir_node *node, uint32_t date, uint32_t by,
                              bool minus, tni_emit_value *out) {
    const tni_type type = tni_type_make(TRUENO_TYPE_DATE);
    uint32_t infinite = tni_emit_infinite(e, type, date), bad = 0, r, far;
    uint32_t least = tni_spirv_u32(&e->spirv, UINT32_C(1) << 31);
    r = tni_emit_sum(e, TNI_PHYSICAL_I32, TNI_EMIT_WORD, minus, date, by, &bad);
    far = tni_emit_either(e, tni_emit_infinite(e, type, r),
                          tni_emit_test(e, TNI_SPIRV_I_EQUAL, r, least));
    bad = tni_emit_both(e, tni_emit_either(e, bad, far), tni_emit_not(e, infinite));
    tni_emit_fail(e, node, bad, out->valid);
    out->id = tni_emit_select(e, TNI_EMIT_WORD, infinite, date, r);
}

/* A moment + or - a constant interval without months. */
static void tni_emit_add_time(tni_emit *e, const tni_ir_node *node, tni_type type, uint32_t us,
                              uint64_t by, tni_emit_value *out) {
    const tni_emit_class c = TNI_EMIT_LONG;
    uint32_t infinite = tni_emit_infinite(e, type, us), bad = 0, r, far;
    uint32_t least = tni_spirv_u64(&e->spirv, UINT64_C(1) << 63);
    infinite = tni_emit_either(e, infinite, tni_emit_test(e, TNI_SPIRV_I_EQUAL, us, least));
    r = tni_emit_sum(e, TNI_PHYSICAL_I64, c, false, us, tni_spirv_u64(&e->spirv, by), &bad);
    far = tni_emit_either(e, tni_emit_infinite(e, type, r),
                          tni_emit_test(e, TNI_SPIRV_I_EQUAL, r, least));
    bad = tni_emit_both(e, tni_emit_either(e, bad, far), tni_emit_not(e, infinite));
    tni_emit_fail(e, node, bad, out->valid);
    out->id = tni_emit_select(e, c, infinite, us, r);
}

/* The microseconds of a constant interval of days and time, `sign` times; false: not one. */
static bool tni_emit_interval_us(const tni_ir_node *node, bool minus, uint64_t *out) {
    const tni_interval *v = &node->constant.as.interval;
    int64_t days, sum;
    if (node->op != TNI_IR_CONSTANT || node->constant.is_null || v->months != 0 ||
        v->microseconds > INT64_MAX / 4 || v->microseconds < -(INT64_MAX / 4) ||
        v->days > (int32_t)TNI_EMIT_MOST_DAYS / 4 || v->days < -(int32_t)TNI_EMIT_MOST_DAYS / 4) {
        return false;
    }
    days = (int64_t)v->days * TNI_US_PER_DAY;
    sum = days + v->microseconds;
    if ((days < 0) != (v->microseconds < 0) && days != 0 && v->microseconds != 0) {
        return false; /* the processor checks the two one after the other */
    }
    *out = (uint64_t)(minus ? -sum : sum);
    return true;
}

TNI_FN trueno_status tni_emit_date_sum(tni_emit *e, const tni_ir_node *node, tni_emit_value *out) {
    bool minus = node->function->device == TNI_DEVICE_SUBTRACT;
    uint32_t x = node->arguments[0], y = node->arguments[1], swap;
    tni_type a = e->program->nodes[x].type, b = e->program->nodes[y].type, type;
    uint64_t us;
    if (!tni_emit_temporal(a) && !minus) {
        swap = x, x = y, y = swap;
        type = a, a = b, b = type;
    }
    if (node->function->device != TNI_DEVICE_ADD && !minus) {
        return tni_emit_refuse(e, node, node->function->name);
    }
    if (a.id == TRUENO_TYPE_DATE && b.id == TRUENO_TYPE_INTEGER) {
        tni_emit_add_days(e, node, e->registers[x].id, e->registers[y].id, minus, out);
        return TRUENO_OK;
    }
    if (a.id == TRUENO_TYPE_DATE && b.id == TRUENO_TYPE_DATE) {
        out->id = tni_emit_2(e, TNI_SPIRV_I_SUB, TNI_EMIT_LONG,
                             tni_emit_long_of_word(e, e->registers[x].id),
                             tni_emit_long_of_word(e, e->registers[y].id));
        return TRUENO_OK;
    }
    if (tni_emit_in_microseconds(a) && b.id == TRUENO_TYPE_INTERVAL &&
        tni_emit_interval_us(&e->program->nodes[y], minus, &us)) {
        tni_emit_add_time(e, node, a, e->registers[x].id, us, out);
        return TRUENO_OK;
    }
    return tni_emit_refuse(e, node, node->function->name);
}

/* --------------------------------------------------------------------------------- casts --- */

static uint64_t tni_emit_units(tni_type type) { /* of a second */
    switch (type.id) {
    case TRUENO_TYPE_TIMESTAMP_S: return 1;
    case TRUENO_TYPE_TIMESTAMP_MS: return 1000;
    case TRUENO_TYPE_TIMESTAMP_NS: return UINT64_C(1000000000);
    default: return TNI_US_PER_SECOND;
    }
}

/* Units of one length into another; halves away from zero, overflow in *bad. */
static uint32_t tni_emit_scale_units(tni_emit *e, uint32_t v, uint64_t from, uint64_t to,
                                     uint32_t *bad) {
    const tni_emit_class c = TNI_EMIT_LONG;
    tni_spirv *s = &e->spirv;
    uint32_t per, q, rest, up, step;
    *bad = 0;
    if (from == to) {
        return v;
    }
    if (from < to) {
        return tni_emit_product(e, TNI_PHYSICAL_I64, v, tni_spirv_u64(s, to / from), bad);
    }
    per = tni_spirv_u64(s, from / to);
    q = tni_emit_2(e, TNI_SPIRV_S_DIV, c, v, per);
    rest = tni_emit_2(e, TNI_SPIRV_I_SUB, c, v, tni_emit_2(e, TNI_SPIRV_I_MUL, c, q, per));
    up = tni_emit_test(e, TNI_SPIRV_U_LESS_EQUAL, tni_spirv_u64(s, from / to / 2),
                       tni_emit_magnitude(e, c, rest));
    step = tni_emit_select(e, c, tni_emit_negative(e, c, v), tni_spirv_u64(s, UINT64_MAX),
                           tni_spirv_u64(s, 1));
    return tni_emit_select(e, c, up, tni_emit_2(e, TNI_SPIRV_I_ADD, c, q, step), q);
}

/* Where `bad` (0: nowhere) there is no value: NULL for TRY_CAST, an error otherwise. */
static trueno_status tni_emit_cast_end(tni_emit *e, const tni_ir_node *node, uint32_t bad,
                                       tni_emit_value *out) {
    if (bad != 0 && node->try_cast) {
        out->valid = tni_emit_both(e, out->valid, tni_emit_not(e, bad));
    } else if (bad != 0) {
        tni_emit_fail(e, node, bad, out->valid);
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_emit_date_cast(tni_emit *e, const tni_ir_node *node, tni_emit_value *out) {
    tni_type from = e->program->nodes[node->arguments[0]].type, to = node->type;
    uint32_t v = e->registers[node->arguments[0]].id, infinite, rest, r, bad = 0;
    uint64_t day = 86400 * tni_emit_units(from);
    tni_spirv *s = &e->spirv;
    tni_emit_class c = to.id == TRUENO_TYPE_DATE ? TNI_EMIT_WORD : TNI_EMIT_LONG;
    uint64_t most = c == TNI_EMIT_WORD ? INT32_MAX : (uint64_t)INT64_MAX;
    infinite = tni_emit_infinite(e, from, v);
    if (to.id == TRUENO_TYPE_TIME && tni_emit_in_microseconds(from)) {
        (void)tni_emit_floor_divide(e, v, day, &out->id);
        return tni_emit_cast_end(e, node, infinite, out);
    }
    if (!tni_emit_temporal(to)) {
        return tni_emit_refuse(e, node, "casts");
    }
    if (from.id == TRUENO_TYPE_DATE) {
        r = tni_emit_2(e, TNI_SPIRV_I_MUL, TNI_EMIT_LONG, tni_emit_long_of_word(e, v),
                       tni_spirv_u64(s, 86400));
        r = tni_emit_scale_units(e, r, 1, tni_emit_units(to), &bad);
        v = tni_emit_long_of_word(e, v);
    } else if (to.id == TRUENO_TYPE_DATE) {
        r = tni_emit_floor_divide(e, v, day, &rest);
        r = tni_emit_from_long(e, c, r);
    } else {
        r = tni_emit_scale_units(e, v, tni_emit_units(from), tni_emit_units(to), &bad);
    }
    out->id = tni_emit_select(e, c, infinite,
                              tni_emit_select(e, c, tni_emit_negative(e, TNI_EMIT_LONG, v),
                                              tni_emit_number(e, c, 0 - most),
                                              tni_emit_number(e, c, most)),
                              r);
    return tni_emit_cast_end(
        e, node, bad != 0 ? tni_emit_both(e, bad, tni_emit_not(e, infinite)) : 0, out);
}

#undef TNI_EMIT_YEARS
#undef TNI_EMIT_MOST_DAYS

#endif
