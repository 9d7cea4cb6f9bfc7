/*
 * scalar_format.c - format('{:>8.2f}', x), printf('%8.2f', x), sizes in bytes.
 *
 * Both template languages are read into one description of a field and printed by one set of
 * functions. Arguments keep their kind: BOOLEAN, integers up to 64 bits, DOUBLE (FLOAT and DECIMAL
 * become it), text (everything else is cast to it); a field that does not fit its argument's kind
 * is an error. Digits of floating-point fields are exact, rounded half to even, as C's printf.
 *
 * Uses: base/, column/type.h, plan/function.h, plan/text_find.h.
 */
#include "plan/scalar_internal.h"
#include "plan/text_find.h"

#define TNI_FORMAT_PRECISION_MOST 1000
#define TNI_FORMAT_WIDTH_MOST 1000000
#define TNI_FORMAT_BUFFER 2048u

typedef struct tni_format_field {
    uint8_t fill[4];
    size_t fill_length;
    char align; /* < > ^, or 0 */
    char sign;  /* + or blank, or 0 */
    bool alternate;
    bool zero;
    int32_t width;
    int32_t precision; /* -1: none */
    char group;        /* between groups of three digits, or 0 */
    char type;         /* or 0 */
} tni_format_field;

typedef struct tni_format_row {
    tni_call *call;
    uint32_t row;
    bool c_style; /* printf */
    tni_text *out;
    uint32_t next;       /* argument, from 1 */
    bool automatic, manual;
} tni_format_row;

/* --------------------------------------------------------------------------------- binding --- */

TNI_FN trueno_status tni_bind_format(tni_bind_call *call, tni_error *error) {
    uint32_t i;
    (void)error;
    call->result = tni_type_make(TRUENO_TYPE_VARCHAR);
    call->types[0] = call->result;
    for (i = 1; i < call->count; i++) {
        tni_type t = call->types[i];
        if (t.id == TRUENO_TYPE_DECIMAL || tni_type_is_float(t)) {
            call->types[i] = tni_type_make(TRUENO_TYPE_DOUBLE);
        } else if (tni_type_is_integer(t) && t.id != TRUENO_TYPE_HUGEINT &&
                   t.id != TRUENO_TYPE_UBIGINT) {
            call->types[i] = tni_type_make(TRUENO_TYPE_BIGINT);
        } else if (t.id != TRUENO_TYPE_BOOLEAN) {
            call->types[i] = tni_type_make(TRUENO_TYPE_VARCHAR);
        }
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- padding --- */

static void tni_format_fill(tni_text *out, const tni_format_field *f, size_t count) {
    size_t i;
    for (i = 0; i < count; i++) {
        tni_text_append(out, f->fill, f->fill_length);
    }
}

/* `text` of `columns` characters in a field, on the side its kind prefers. */
static void tni_format_aligned(tni_text *out, const tni_format_field *f, char prefers,
                               const char *text, size_t length, size_t columns) {
    char align = f->align ? f->align : prefers;
    size_t missing = (size_t)f->width > columns ? (size_t)f->width - columns : 0;
    size_t before = align == '>' ? missing : align == '^' ? missing / 2 : 0;
    tni_format_fill(out, f, before);
    tni_text_append(out, text, length);
    tni_format_fill(out, f, missing - before);
}

/* A number: sign and prefix first, then zeros where asked for, then the digits. */
static void tni_format_number(tni_text *out, const tni_format_field *f, const char *prefix,
                              const char *digits, size_t length) {
    size_t head = strlen(prefix);
    char text[TNI_FORMAT_BUFFER + 16];
    if (f->zero && !f->align) {
        size_t missing = (size_t)f->width > head + length ? (size_t)f->width - head - length : 0;
        tni_text_append(out, prefix, head);
        for (; missing > 0; missing--) {
            tni_text_char(out, '0');
        }
        tni_text_append(out, digits, length);
        return;
    }
    memcpy(text, prefix, head);
    memcpy(text + head, digits, length);
    tni_format_aligned(out, f, '>', text, head + length, head + length);
}

/* Put `group` between groups of three of the first `whole` characters; the new length. */
static size_t tni_format_grouped(char *text, size_t length, size_t whole, char group) {
    size_t marks = whole > 0 ? (whole - 1) / 3 : 0, from = whole, to = whole + marks;
    memmove(text + to, text + whole, length - whole);
    while (to > from) {
        from -= 3;
        to -= 3;
        memmove(text + to, text + from, 3);
        text[--to] = group;
    }
    return length + marks;
}

/* -------------------------------------------------------------------------------- integers --- */

static trueno_status tni_format_mismatch(tni_format_row *r, char type, const char *kind) {
    return tni_fail(r->call->error, TRUENO_ERROR_INVALID,
                    "field type \"%c\" does not go with %s", type, kind);
}

static trueno_status tni_format_integer(tni_format_row *r, const tni_format_field *f,
                                        int64_t value) {
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    const char *alphabet = f->type == 'X' ? upper : lower;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, base = 10;
    char prefix[4], text[TNI_FORMAT_BUFFER];
    size_t n = 80, head = 0, length;
    switch (f->type) {
    case 0:
    case 'd': break;
    case 'i':
    case 'u':
        if (!r->c_style) {
            return tni_format_mismatch(r, f->type, "an integer");
        }
        break;
    case 'x':
    case 'X':
    case 'o': base = f->type == 'o' ? 8 : 16; break;
    case 'b':
    case 'B': base = 2; break;
    case 'c':
        if (r->c_style && value >= 0 && value <= 0x10ffff) {
            uint8_t bytes[4];
            size_t size = tni_utf8_put((uint32_t)value, bytes);
            memcpy(text, bytes, size);
            tni_format_aligned(r->out, f, '>', text, size, 1);
            return TRUENO_OK;
        }
        return tni_format_mismatch(r, f->type, "an integer");
    default: return tni_format_mismatch(r, f->type, "an integer");
    }
    if (r->c_style && (base != 10 || f->type == 'u')) { /* as C prints them: two's complement */
        left = (uint64_t)value;
        value = value < 0 ? INT64_MAX : value; /* no sign */
    }
    do {
        text[--n] = alphabet[left % base];
        left /= base;
    } while (left > 0);
    length = 80 - n;
    memmove(text, text + n, length);
    if (f->group) {
        length = tni_format_grouped(text, length, length, f->group);
    }
    if (value < 0 || f->sign) {
        prefix[head++] = value < 0 ? '-' : f->sign;
    }
    if (f->alternate && base != 10) {
        prefix[head++] = '0';
        if (base != 8) {
            prefix[head++] = f->type;
        }
    }
    prefix[head] = '\0';
    tni_format_number(r->out, f, prefix, text, length);
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------- floating point --- */

/* Cut `n` exact digits to `wanted`, half to even; true when that carried into a new digit. */
static bool tni_format_cut(char *digits, size_t n, size_t wanted) {
    bool above, half = digits[wanted] == '5', odd = ((digits[wanted - 1] - '0') & 1) != 0;
    size_t i;
    above = digits[wanted] > '5';
    for (i = wanted + 1; half && !above && i < n; i++) {
        above = digits[i] != '0';
    }
    if (!above && !(half && odd)) {
        return false;
    }
    for (i = wanted; i > 0 && digits[i - 1] == '9';) {
        digits[--i] = '0';
    }
    if (i > 0) {
        digits[i - 1]++;
        return false;
    }
    digits[0] = '1';
    return true;
}

/*
 * The first `wanted` significant digits of v > 0, correctly rounded; *exponent is the power of
 * ten of the first one. `digits` has TNI_FORMAT_BUFFER bytes. The power is guessed too low at
 * first: too many digits come out then, and the guess goes up until they are right.
 */
static void tni_format_significant(double v, int32_t wanted, char *digits, int32_t *exponent) {
    uint64_t bits;
    int32_t guess;
    char text[TNI_FORMAT_BUFFER];
    memcpy(&bits, &v, sizeof bits);
    guess = (int32_t)(bits >> 52 & 0x7ff) - 1023;
    guess = guess == -1023 ? -330 : (guess * 30103 - (guess < 0 ? 99999 : 0)) / 100000 - 1;
    for (;; guess++) {
        bool whole = wanted - 1 - guess <= 0;
        int32_t after = whole ? 52 : wanted - 1 - guess; /* 52: all that a number above 1 has */
        size_t length = tni_print_fixed(v, after, text, sizeof text), i, n = 0, first = 0;
        for (i = 0; i < length && i < sizeof text - 1; i++) {
            if (text[i] != '.' && (n > 0 || text[i] != '0')) {
                first = n == 0 ? length - i : first;
                digits[n++] = text[i];
            }
        }
        *exponent = (int32_t)first - 1 - after - ((int32_t)first > after ? 1 : 0);
        if (n == (size_t)wanted) {
            return;
        }
        if (whole && n > (size_t)wanted) {
            *exponent += tni_format_cut(digits, n, (size_t)wanted) ? 1 : 0;
            return;
        }
    }
}

/* d.ddde+xx of v >= 0 with `precision` digits after the point; the length. */
static size_t tni_format_exponential(double v, int32_t precision, char *out) {
    char digits[TNI_FORMAT_BUFFER];
    int32_t exponent = 0, e;
    size_t n = 0;
    if (v == 0.0) {
        memset(digits, '0', (size_t)precision + 1);
    } else {
        tni_format_significant(v, precision + 1, digits, &exponent);
    }
    out[n++] = digits[0];
    if (precision > 0) {
        out[n++] = '.';
        memcpy(out + n, digits + 1, (size_t)precision);
        n += (size_t)precision;
    }
    out[n++] = 'e';
    out[n++] = exponent < 0 ? '-' : '+';
    e = exponent < 0 ? -exponent : exponent;
    if (e >= 100) {
        out[n++] = (char)('0' + e / 100);
    }
    out[n++] = (char)('0' + e / 10 % 10);
    out[n++] = (char)('0' + e % 10);
    return n;
}

/* %g: fixed or exponential, whichever is shorter, without trailing zeros. */
static size_t tni_format_general(double v, int32_t precision, bool keep_zeros, char *out) {
    int32_t exponent = 0;
    char digits[TNI_FORMAT_BUFFER];
    size_t n, end, mantissa;
    precision = TNI_MAX(precision, 1);
    if (v != 0.0) {
        tni_format_significant(v, precision, digits, &exponent);
    }
    if (exponent < -4 || exponent >= precision) {
        n = tni_format_exponential(v, precision - 1, out);
        mantissa = n;
        while (out[mantissa - 1] != 'e') {
            mantissa--;
        }
        mantissa--;
    } else {
        n = tni_print_fixed(v, precision - 1 - exponent, out, TNI_FORMAT_BUFFER);
        mantissa = n;
    }
    end = mantissa;
    if (!keep_zeros && memchr(out, '.', mantissa) != NULL) {
        while (out[end - 1] == '0') {
            end--;
        }
        end -= out[end - 1] == '.' ? 1 : 0;
    }
    memmove(out + end, out + mantissa, n - mantissa);
    return n - (mantissa - end);
}

static trueno_status tni_format_real(tni_format_row *r, const tni_format_field *f, double value) {
    char text[TNI_FORMAT_BUFFER], prefix[2] = {0, 0};
    uint64_t bits;
    bool negative;
    size_t length, whole, i;
    int32_t precision = f->precision < 0 ? 6 : f->precision;
    memcpy(&bits, &value, sizeof bits);
    negative = (bits >> 63) != 0 && !tni_is_nan(value);
    bits &= UINT64_MAX >> 1;
    memcpy(&value, &bits, sizeof value);
    prefix[0] = negative ? '-' : f->sign;
    if (!tni_is_finite(value)) {
        tni_format_field plain = *f;
        plain.zero = false;
        tni_format_number(r->out, &plain, prefix, tni_is_nan(value) ? "nan" : "inf", 3);
        return TRUENO_OK;
    }
    switch (f->type) {
    case 0:
        length = f->precision < 0 ? tni_print_double(value, text)
                                  : tni_format_general(value, precision, f->alternate, text);
        break;
    case 'f':
    case 'F': length = tni_print_fixed(value, precision, text, sizeof text); break;
    case 'e':
    case 'E': length = tni_format_exponential(value, precision, text); break;
    case 'g':
    case 'G': length = tni_format_general(value, precision, f->alternate, text); break;
    default: return tni_format_mismatch(r, f->type, "a floating-point number");
    }
    for (i = 0; i < length && (f->type == 'E' || f->type == 'G'); i++) {
        text[i] = text[i] == 'e' ? 'E' : text[i];
    }
    for (whole = 0; whole < length && text[whole] >= '0' && text[whole] <= '9';) {
        whole++;
    }
    if (f->group && length + whole / 3 < sizeof text) {
        length = tni_format_grouped(text, length, whole, f->group);
    }
    tni_format_number(r->out, f, prefix, text, length);
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------------- fields --- */

static trueno_status tni_format_text(tni_format_row *r, const tni_format_field *f,
                                     const char *text, size_t length) {
    size_t columns;
    if (f->type != 0 && f->type != 's') {
        return tni_format_mismatch(r, f->type, "a text");
    }
    if (f->precision >= 0) {
        length = tni_utf8_skip((const uint8_t *)text, length, 0, (uint64_t)f->precision);
    }
    columns = tni_utf8_length((const uint8_t *)text, length);
    tni_format_aligned(r->out, f, r->c_style ? '>' : '<', text, length, columns);
    return TRUENO_OK;
}

/* Argument `index` (from 1) of the row as the field says. */
static trueno_status tni_format_argument(tni_format_row *r, const tni_format_field *f,
                                         uint32_t index) {
    tni_call *call = r->call;
    const void *data;
    size_t at;
    if (index == 0 || index >= call->count) {
        return tni_fail(call->error, TRUENO_ERROR_INVALID,
                        "the template wants argument %u, there are %u", index, call->count - 1);
    }
    data = tni_scalar_data(call, index);
    at = r->row * tni_scalar_step(call, index);
    switch (call->arguments[index].type.id) {
    case TRUENO_TYPE_BOOLEAN: {
        bool value = ((const uint8_t *)data)[at] != 0;
        if (f->type == 0 || f->type == 's') {
            return tni_format_text(r, f, value ? "true" : "false", value ? 4 : 5);
        }
        return tni_format_integer(r, f, value ? 1 : 0);
    }
    case TRUENO_TYPE_BIGINT: return tni_format_integer(r, f, ((const int64_t *)data)[at]);
    case TRUENO_TYPE_DOUBLE: return tni_format_real(r, f, ((const double *)data)[at]);
    default: {
        const tni_string *text = (const tni_string *)data + at;
        return tni_format_text(r, f, (const char *)tni_string_data(text), text->length);
    }
    }
}

typedef struct tni_format_cursor {
    const char *p, *end;
} tni_format_cursor;

static char tni_format_peek(const tni_format_cursor *c) {
    return c->p < c->end ? *c->p : '\0';
}

static bool tni_format_digits(tni_format_cursor *c, int32_t *out) {
    const char *from = c->p;
    *out = 0;
    while (c->p < c->end && *c->p >= '0' && *c->p <= '9') {
        *out = TNI_MIN(*out * 10 + (*c->p - '0'), TNI_FORMAT_WIDTH_MOST + 1);
        c->p++;
    }
    return c->p > from;
}

static trueno_status tni_format_bad(tni_format_row *r, const char *what) {
    return tni_fail(r->call->error, TRUENO_ERROR_INVALID, "bad template: %s", what);
}

static void tni_format_field_init(tni_format_field *f) {
    memset(f, 0, sizeof *f);
    f->fill[0] = ' ';
    f->fill_length = 1;
    f->precision = -1;
}

static trueno_status tni_format_check(tni_format_row *r, const tni_format_field *f) {
    return f->width > TNI_FORMAT_WIDTH_MOST || f->precision > TNI_FORMAT_PRECISION_MOST
               ? tni_format_bad(r, "a width or precision is too large")
               : TRUENO_OK;
}

/* ----------------------------------------------------------------------------- {} templates --- */

static bool tni_format_is_align(char c) {
    return c == '<' || c == '>' || c == '^';
}

static void tni_format_group(tni_format_cursor *c, tni_format_field *f) {
    if (tni_format_peek(c) == 't' && c->end - c->p > 2) {
        f->group = c->p[1];
        c->p += 2;
    } else if (tni_format_peek(c) == ',' || tni_format_peek(c) == '_' ||
               tni_format_peek(c) == '\'') {
        f->group = *c->p++;
    }
}

/* [[fill]align][sign][#][0][width][,][.precision][, or _ or t and a character][type] up to '}' */
static trueno_status tni_format_spec(tni_format_row *r, tni_format_cursor *c,
                                     tni_format_field *f) {
    size_t fill = 0;
    if (c->p < c->end && *c->p != '}') {
        (void)tni_utf8_next((const uint8_t *)c->p, (size_t)(c->end - c->p), &fill);
    }
    if (fill > 0 && fill <= 4 && c->end - c->p > (ptrdiff_t)fill &&
        tni_format_is_align(c->p[fill])) {
        memcpy(f->fill, c->p, fill);
        f->fill_length = fill;
        f->align = c->p[fill];
        c->p += fill + 1;
    } else if (tni_format_is_align(tni_format_peek(c))) {
        f->align = *c->p++;
    }
    if (tni_format_peek(c) == '+' || tni_format_peek(c) == ' ' || tni_format_peek(c) == '-') {
        f->sign = *c->p == '-' ? '\0' : *c->p;
        c->p++;
    }
    if (tni_format_peek(c) == '#') {
        f->alternate = true;
        c->p++;
    }
    if (tni_format_peek(c) == '0') {
        f->zero = true;
        c->p++;
    }
    if (tni_format_peek(c) == '{') {
        return tni_fail(r->call->error, TRUENO_ERROR_UNSUPPORTED,
                        "widths from arguments ({:{}}) are not supported");
    }
    (void)tni_format_digits(c, &f->width);
    tni_format_group(c, f);
    if (tni_format_peek(c) == '.') {
        c->p++;
        if (!tni_format_digits(c, &f->precision)) {
            return tni_format_bad(r, "a precision is missing");
        }
    }
    tni_format_group(c, f);
    if (c->p < c->end && *c->p != '}') {
        f->type = *c->p++;
    }
    return tni_format_check(r, f);
}

/* After '{'. */
static trueno_status tni_format_braces(tni_format_row *r, tni_format_cursor *c) {
    tni_format_field f;
    int32_t index;
    bool numbered;
    tni_format_field_init(&f);
    numbered = tni_format_digits(c, &index);
    if ((numbered && r->automatic) || (!numbered && r->manual)) {
        return tni_format_bad(r, "{} and {0} cannot be mixed");
    }
    r->automatic = r->automatic || !numbered;
    r->manual = r->manual || numbered;
    if (tni_format_peek(c) == ':') {
        c->p++;
        TNI_TRY(tni_format_spec(r, c, &f));
    }
    if (tni_format_peek(c) != '}') {
        return tni_format_bad(r, "a field is {}, {0} or {:...} and ends with }");
    }
    c->p++;
    return tni_format_argument(r, &f, numbered ? (uint32_t)index + 1 : r->next++);
}

static trueno_status tni_format_template(tni_format_row *r, const tni_string *text) {
    tni_format_cursor c;
    c.p = (const char *)tni_string_data(text);
    c.end = c.p + text->length;
    while (c.p < c.end) {
        const char *from = c.p;
        while (c.p < c.end && *c.p != '{' && *c.p != '}') {
            c.p++;
        }
        tni_text_append(r->out, from, (size_t)(c.p - from));
        if (c.p == c.end) {
            break;
        }
        if (c.end - c.p > 1 && c.p[1] == *c.p) {
            tni_text_char(r->out, *c.p);
            c.p += 2;
        } else if (*c.p++ == '}') {
            return tni_format_bad(r, "a } stands alone");
        } else {
            TNI_TRY(tni_format_braces(r, &c));
        }
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------ % templates --- */

/* '*': the next argument, an integer. */
static trueno_status tni_format_star(tni_format_row *r, int32_t *out) {
    uint32_t index = r->next++;
    int64_t v;
    if (index >= r->call->count || r->call->arguments[index].type.id != TRUENO_TYPE_BIGINT) {
        return tni_format_bad(r, "* wants an integer argument");
    }
    v = ((const int64_t *)tni_scalar_data(r->call,
                                          index))[r->row * tni_scalar_step(r->call, index)];
    if (v < 0 || v > TNI_FORMAT_WIDTH_MOST) {
        return tni_format_bad(r, "a width or precision is negative or too large");
    }
    *out = (int32_t)v;
    return TRUENO_OK;
}

static bool tni_format_flag(tni_format_field *f, char c) {
    switch (c) {
    case '-': f->align = '<'; return true;
    case '+': f->sign = '+'; return true;
    case ' ': f->sign = f->sign ? f->sign : ' '; return true;
    case '#': f->alternate = true; return true;
    case '0': f->zero = true; return true;
    case ',':
    case '_':
    case '\'': f->group = c; return true;
    default: return false;
    }
}

/* After '%': [n$][flags][width][.precision][length]type */
static trueno_status tni_format_percent(tni_format_row *r, tni_format_cursor *c) {
    tni_format_field f;
    tni_format_cursor at = *c;
    int32_t index = 0;
    tni_format_field_init(&f);
    if (tni_format_digits(&at, &index) && tni_format_peek(&at) == '$') {
        c->p = at.p + 1;
    } else {
        index = 0;
    }
    while (tni_format_flag(&f, tni_format_peek(c))) {
        c->p++;
    }
    if (tni_format_peek(c) == '*') {
        c->p++;
        TNI_TRY(tni_format_star(r, &f.width));
    } else {
        (void)tni_format_digits(c, &f.width);
    }
    if (tni_format_peek(c) == '.') {
        c->p++;
        f.precision = 0;
        if (tni_format_peek(c) == '*') {
            c->p++;
            TNI_TRY(tni_format_star(r, &f.precision));
        } else {
            (void)tni_format_digits(c, &f.precision);
        }
    }
    while (c->p < c->end && strchr("hlLqjzt", *c->p) != NULL) {
        c->p++;
    }
    if (c->p == c->end) {
        return tni_format_bad(r, "it ends within a field");
    }
    f.type = *c->p++;
    TNI_TRY(tni_format_check(r, &f));
    return tni_format_argument(r, &f, index > 0 ? (uint32_t)index : r->next++);
}

static trueno_status tni_printf_template(tni_format_row *r, const tni_string *text) {
    tni_format_cursor c;
    c.p = (const char *)tni_string_data(text);
    c.end = c.p + text->length;
    while (c.p < c.end) {
        const void *mark = memchr(c.p, '%', (size_t)(c.end - c.p));
        const char *stop = mark != NULL ? (const char *)mark : c.end;
        tni_text_append(r->out, c.p, (size_t)(stop - c.p));
        c.p = stop;
        if (c.p == c.end) {
            break;
        }
        c.p++;
        if (tni_format_peek(&c) == '%') {
            tni_text_char(r->out, '%');
            c.p++;
        } else {
            TNI_TRY(tni_format_percent(r, &c));
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_format_rows(tni_call *call, bool c_style) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_rows rows = tni_rows_of(call);
    trueno_status status = TRUENO_OK;
    tni_text text;
    uint32_t i;
    tni_text_init(&text, call->env->memory);
    tni_scalar_clear(call);
    while (status == TRUENO_OK && tni_rows_next(&rows, &i)) {
        tni_format_row r;
        memset(&r, 0, sizeof r);
        r.call = call;
        r.row = i;
        r.c_style = c_style;
        r.out = &text;
        r.next = 1;
        tni_text_clear(&text);
        status = c_style ? tni_printf_template(&r, &s.data[i * s.step])
                         : tni_format_template(&r, &s.data[i * s.step]);
        if (status == TRUENO_OK && text.failed) {
            status = tni_scalar_text_failed(call, &text);
        }
        if (status == TRUENO_OK) {
            status = tni_scalar_put(call, i, text.data, text.length);
        }
    }
    tni_text_free(&text);
    return status;
}

TNI_FN trueno_status tni_eval_format(tni_call *call) {
    return tni_format_rows(call, false);
}
TNI_FN trueno_status tni_eval_printf(tni_call *call) {
    return tni_format_rows(call, true);
}

/* -------------------------------------------------------------------------- sizes in bytes --- */

static trueno_status tni_format_sizes(tni_call *call, uint64_t base, const char *const *units) {
    const int64_t *in = (const int64_t *)tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t value = in[i * step];
        uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, rest = 0;
        char text[64];
        size_t n = 0, unit = 0;
        while (size >= base && unit < 5) {
            rest = size % base;
            size /= base;
            unit++;
        }
        if (value < 0) {
            text[n++] = '-';
        }
        n += tni_print_u64(size, text + n);
        if (unit > 0) {
            text[n++] = '.';
            text[n++] = (char)('0' + rest * 10 / base);
        }
        text[n++] = ' ';
        if (unit == 0) {
            memcpy(text + n, "bytes", 5);
            n += size == 1 ? 4 : 5;
        } else {
            memcpy(text + n, units[unit - 1], strlen(units[unit - 1]));
            n += strlen(units[unit - 1]);
        }
        TNI_TRY(tni_scalar_put(call, i, text, n));
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_format_bytes(tni_call *call) {
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    return tni_format_sizes(call, 1024, units);
}

TNI_FN trueno_status tni_eval_format_decimal_bytes(tni_call *call) {
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB"};
    return tni_format_sizes(call, 1000, units);
}

#undef TNI_FORMAT_PRECISION_MOST
#undef TNI_FORMAT_WIDTH_MOST
#undef TNI_FORMAT_BUFFER
