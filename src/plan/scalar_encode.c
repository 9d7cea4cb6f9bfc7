/*
 * scalar_encode.c - hexadecimal, binary and other bases, base64, URL encoding; MD5, SHA-1 and
 * SHA-256.
 *
 * The digests are those of RFC 1321, RFC 3174 and FIPS 180-4, written from their texts; base64
 * is RFC 4648's with padding, URLs follow RFC 3986.
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "plan/scalar_internal.h"

/* ----------------------------------------------------------------------------- hex, binary --- */

static const char tni_encode_digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* Integers as they are (up to HUGEINT, negative ones in two's complement of at least 64 bits),
 * texts and blobs byte by byte. */
TNI_FN trueno_status tni_bind_hex(tni_bind_call *call, tni_error *error) {
    tni_type t = call->types[0];
    call->result = tni_type_make(TRUENO_TYPE_VARCHAR);
    if (t.id == TRUENO_TYPE_NULL) {
        call->types[0] = call->result;
        return TRUENO_OK;
    }
    if (tni_type_is_string(t) || t.id == TRUENO_TYPE_HUGEINT || t.id == TRUENO_TYPE_UBIGINT) {
        return TRUENO_OK;
    }
    if (tni_type_is_integer(t)) {
        call->types[0] = tni_type_make(TRUENO_TYPE_BIGINT);
        return TRUENO_OK;
    }
    return tni_scalar_no_match(call, 0, "an integer, VARCHAR or BLOB", error);
}

/* The value's digits, `bits` (1 or 4) each, without leading zeros. */
static trueno_status tni_encode_number(tni_call *call, uint32_t row, uint64_t high, uint64_t low,
                                       uint32_t bits) {
    char text[128];
    size_t n = sizeof text;
    do {
        text[--n] = tni_encode_digits[low & tni_low_bits(bits)];
        low = low >> bits | high << (64 - bits);
        high >>= bits;
    } while ((low | high) != 0);
    return tni_scalar_put(call, row, text + n, sizeof text - n);
}

static trueno_status tni_encode_bytes(tni_call *call, uint32_t row, const tni_string *in,
                                      uint32_t bits) {
    const uint8_t *data = tni_string_data(in);
    tni_string *out = (tni_string *)call->out + row;
    uint8_t *room = tni_scalar_room(call, out, (size_t)in->length * (8 / bits));
    uint32_t i, shift;
    if (room == NULL) {
        return tni_scalar_failed(call);
    }
    for (i = 0; i < in->length; i++) {
        for (shift = 8; shift > 0;) {
            shift -= bits;
            *room++ = (uint8_t)tni_encode_digits[data[i] >> shift & tni_low_bits(bits)];
        }
    }
    tni_scalar_finish(out);
    return TRUENO_OK;
}

static trueno_status tni_encode_rows(tni_call *call, uint32_t bits) {
    const void *in = tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    uint8_t type = call->arguments[0].type.id;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        if (type == TRUENO_TYPE_HUGEINT) {
            tni_i128 v = ((const tni_i128 *)in)[i * step];
            TNI_TRY(tni_encode_number(call, i, (uint64_t)v.high, v.low, bits));
        } else if (type == TRUENO_TYPE_BIGINT || type == TRUENO_TYPE_UBIGINT) {
            TNI_TRY(tni_encode_number(call, i, 0, ((const uint64_t *)in)[i * step], bits));
        } else {
            TNI_TRY(tni_encode_bytes(call, i, &((const tni_string *)in)[i * step], bits));
        }
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_hex(tni_call *call) {
    return tni_encode_rows(call, 4);
}
TNI_FN trueno_status tni_eval_bin(tni_call *call) {
    return tni_encode_rows(call, 1);
}

static int tni_encode_digit(uint8_t c, uint32_t bits) {
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : 99;
    return digit < 1 << bits ? digit : -1;
}

/* Digits to bytes; missing ones of the first byte are zero. */
static trueno_status tni_decode_rows(tni_call *call, uint32_t bits) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    uint32_t each = 8 / bits;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *in = &s.data[i * s.step];
        const uint8_t *data = tni_string_data(in);
        tni_string *out = (tni_string *)call->out + i;
        uint32_t have = (each - in->length % each) % each, value = 0, k;
        uint8_t *room = tni_scalar_room(call, out, ((size_t)in->length + each - 1) / each);
        if (room == NULL) {
            return tni_scalar_failed(call);
        }
        for (k = 0; k < in->length; k++) {
            int digit = tni_encode_digit(data[k], bits);
            if (digit < 0) {
                return tni_fail(call->error, TRUENO_ERROR_INVALID,
                                "byte 0x%02x at position %u is no %s digit", data[k], k + 1,
                                bits == 4 ? "hexadecimal" : "binary");
            }
            value = value << bits | (uint32_t)digit;
            if (++have == each) {
                *room++ = (uint8_t)value;
                have = 0;
            }
        }
        tni_scalar_finish(out);
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_unhex(tni_call *call) {
    return tni_decode_rows(call, 4);
}
TNI_FN trueno_status tni_eval_unbin(tni_call *call) {
    return tni_decode_rows(call, 1);
}

/* to_base(number, radix[, least digits]) */
TNI_FN trueno_status tni_eval_to_base(tni_call *call) {
    const int64_t *a[3] = {NULL, NULL, NULL};
    size_t step[3] = {0, 0, 0};
    tni_rows rows = tni_rows_of(call);
    uint32_t i, k;
    for (k = 0; k < call->count; k++) {
        a[k] = (const int64_t *)tni_scalar_data(call, k);
        step[k] = tni_scalar_step(call, k);
    }
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t v = a[0][i * step[0]], radix = a[1][i * step[1]];
        int64_t least = a[2] != NULL ? a[2][i * step[2]] : 0;
        char text[64];
        size_t n = sizeof text;
        if (v < 0 || radix < 2 || radix > 36 || least < 0 || least > 64) {
            return tni_fail(call->error, TRUENO_ERROR_INVALID,
                            "to_base wants a number that is not negative, a radix of 2 to 36 and "
                            "at most 64 digits");
        }
        do {
            text[--n] = tni_encode_digits[v % radix];
            v /= radix;
        } while (v > 0);
        while ((int64_t)(sizeof text - n) < least) {
            text[--n] = '0';
        }
        TNI_TRY(tni_scalar_put(call, i, text + n, sizeof text - n));
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------------- base64 --- */

static const char tni_base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

TNI_FN trueno_status tni_eval_to_base64(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i, k;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *in = &s.data[i * s.step];
        const uint8_t *p = tni_string_data(in);
        tni_string *out = (tni_string *)call->out + i;
        uint8_t *room = tni_scalar_room(call, out, ((size_t)in->length + 2) / 3 * 4);
        if (room == NULL) {
            return tni_scalar_failed(call);
        }
        for (k = 0; k < in->length; k += 3, room += 4) {
            uint32_t left = in->length - k;
            uint32_t v = (uint32_t)p[k] << 16 | (left > 1 ? (uint32_t)p[k + 1] << 8 : 0) |
                         (left > 2 ? p[k + 2] : 0u);
            room[0] = (uint8_t)tni_base64_digits[v >> 18];
            room[1] = (uint8_t)tni_base64_digits[v >> 12 & 63];
            room[2] = left > 1 ? (uint8_t)tni_base64_digits[v >> 6 & 63] : (uint8_t)'=';
            room[3] = left > 2 ? (uint8_t)tni_base64_digits[v & 63] : (uint8_t)'=';
        }
        tni_scalar_finish(out);
    }
    return TRUENO_OK;
}

static int tni_base64_value(uint8_t c) {
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

static trueno_status tni_base64_fail(tni_call *call, const char *what) {
    return tni_fail(call->error, TRUENO_ERROR_CONVERSION, "a text is no base64: %s", what);
}

/* Four characters to up to three bytes; only the last group may be padded. */
static trueno_status tni_base64_decode(tni_call *call, uint32_t row, const tni_string *in) {
    const uint8_t *p = tni_string_data(in);
    tni_string *out = (tni_string *)call->out + row;
    uint32_t k, j, length = in->length / 4 * 3, padding = 0;
    uint8_t *room;
    if (in->length % 4 != 0) {
        return tni_base64_fail(call, "its length must be a multiple of 4");
    }
    if (in->length > 0) {
        padding = p[in->length - 2] == '=' ? 2 : p[in->length - 1] == '=' ? 1 : 0;
    }
    room = tni_scalar_room(call, out, length - padding);
    if (room == NULL) {
        return tni_scalar_failed(call);
    }
    for (k = 0; k < in->length; k += 4) {
        uint32_t v = 0, take = k + 4 == in->length ? 4 - padding : 4;
        for (j = 0; j < 4; j++) {
            int digit = j < take ? tni_base64_value(p[k + j]) : 0;
            if (digit < 0) {
                return tni_base64_fail(call, "it has a character that is none of its digits");
            }
            v = v << 6 | (uint32_t)digit;
        }
        for (j = 0; j + 1 < take; j++) {
            *room++ = (uint8_t)(v >> (16 - 8 * j));
        }
    }
    tni_scalar_finish(out);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_from_base64(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        TNI_TRY(tni_base64_decode(call, i, &s.data[i * s.step]));
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------- URL, UTF-8 --- */

static bool tni_url_plain(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_' || c == '.' || c == '~';
}

TNI_FN trueno_status tni_eval_url_encode(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i, k;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *in = &s.data[i * s.step];
        const uint8_t *p = tni_string_data(in);
        tni_string *out = (tni_string *)call->out + i;
        size_t length = 0;
        uint8_t *room;
        for (k = 0; k < in->length; k++) {
            length += tni_url_plain(p[k]) ? 1u : 3u;
        }
        room = tni_scalar_room(call, out, length);
        if (room == NULL) {
            return tni_scalar_failed(call);
        }
        for (k = 0; k < in->length; k++) {
            if (tni_url_plain(p[k])) {
                *room++ = p[k];
                continue;
            }
            *room++ = '%';
            *room++ = (uint8_t)tni_encode_digits[p[k] >> 4];
            *room++ = (uint8_t)tni_encode_digits[p[k] & 15];
        }
        tni_scalar_finish(out);
    }
    return TRUENO_OK;
}

/* %XX at p[k]? Then its byte, else -1. */
static int tni_url_escape(const uint8_t *p, uint32_t length, uint32_t k) {
    int high, low;
    if (p[k] != '%' || length - k < 3) {
        return -1;
    }
    high = tni_encode_digit(p[k + 1], 4);
    low = tni_encode_digit(p[k + 2], 4);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

TNI_FN trueno_status tni_eval_url_decode(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i, k;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *in = &s.data[i * s.step];
        const uint8_t *p = tni_string_data(in);
        tni_string *out = (tni_string *)call->out + i;
        size_t length = 0;
        uint8_t *room;
        for (k = 0; k < in->length; k += tni_url_escape(p, in->length, k) < 0 ? 1u : 3u) {
            length++;
        }
        room = tni_scalar_room(call, out, length);
        if (room == NULL) {
            return tni_scalar_failed(call);
        }
        for (k = 0; k < in->length;) {
            int byte = tni_url_escape(p, in->length, k);
            *room++ = byte < 0 ? p[k] : (uint8_t)byte;
            k += byte < 0 ? 1u : 3u;
        }
        tni_scalar_finish(out);
        if (!tni_utf8_valid(tni_string_data(out), out->length)) {
            return tni_fail(call->error, TRUENO_ERROR_INVALID,
                            "url_decode gives bytes that are no UTF-8");
        }
    }
    return TRUENO_OK;
}

/* VARCHAR to BLOB: the same bytes. */
TNI_FN trueno_status tni_eval_encode(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        ((tni_string *)call->out)[i] = s.data[i * s.step];
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_decode(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *in = &s.data[i * s.step];
        if (!tni_utf8_valid(tni_string_data(in), in->length)) {
            return tni_fail(call->error, TRUENO_ERROR_CONVERSION,
                            "decode: the BLOB holds bytes that are no UTF-8");
        }
        ((tni_string *)call->out)[i] = *in;
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- digests --- */

typedef enum tni_digest_kind { TNI_DIGEST_MD5, TNI_DIGEST_SHA1, TNI_DIGEST_SHA256 } tni_digest_kind;

typedef void (*tni_digest_block)(uint32_t *state, const uint8_t *block);

TNI_INLINE uint32_t tni_rotate_left(uint32_t v, uint32_t n) {
    return v << n | v >> (32 - n);
}

static const uint32_t tni_md5_constants[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

static void tni_md5_block(uint32_t *state, const uint8_t *block) {
    static const uint8_t turns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23},
                                        {6, 10, 15, 21}};
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], words[16], i;
    for (i = 0; i < 16; i++) {
        const uint8_t *p = block + 4 * i;
        words[i] = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                   (uint32_t)p[3] << 24;
    }
    for (i = 0; i < 64; i++) {
        uint32_t f, at, next;
        switch (i / 16) {
        case 0: f = (b & c) | (~b & d), at = i; break;
        case 1: f = (d & b) | (~d & c), at = (5 * i + 1) % 16; break;
        case 2: f = b ^ c ^ d, at = (3 * i + 5) % 16; break;
        default: f = c ^ (b | ~d), at = 7 * i % 16;
        }
        next = b + tni_rotate_left(a + f + tni_md5_constants[i] + words[at], turns[i / 16][i % 4]);
        a = d;
        d = c;
        c = b;
        b = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

static uint32_t tni_digest_word(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void tni_sha1_block(uint32_t *state, const uint8_t *block) {
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], w[80], i;
    for (i = 0; i < 16; i++) {
        w[i] = tni_digest_word(block + 4 * i);
    }
    for (; i < 80; i++) {
        w[i] = tni_rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    for (i = 0; i < 80; i++) {
        uint32_t f, k, next;
        switch (i / 20) {
        case 0: f = (b & c) | (~b & d), k = 0x5a827999; break;
        case 1: f = b ^ c ^ d, k = 0x6ed9eba1; break;
        case 2: f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc; break;
        default: f = b ^ c ^ d, k = 0xca62c1d6;
        }
        next = tni_rotate_left(a, 5) + f + e + k + w[i];
        e = d;
        d = c;
        c = tni_rotate_left(b, 30);
        b = a;
        a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

static const uint32_t tni_sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static void tni_sha256_block(uint32_t *state, const uint8_t *block) {
    uint32_t v[8], w[64], i;
    memcpy(v, state, sizeof v);
    for (i = 0; i < 16; i++) {
        w[i] = tni_digest_word(block + 4 * i);
    }
    for (; i < 64; i++) {
        uint32_t x = w[i - 15], y = w[i - 2];
        x = tni_rotate_left(x, 25) ^ tni_rotate_left(x, 14) ^ x >> 3;
        y = tni_rotate_left(y, 15) ^ tni_rotate_left(y, 13) ^ y >> 10;
        w[i] = w[i - 16] + x + w[i - 7] + y;
    }
    for (i = 0; i < 64; i++) {
        uint32_t e = v[4], a = v[0], x, y;
        x = tni_rotate_left(e, 26) ^ tni_rotate_left(e, 21) ^ tni_rotate_left(e, 7);
        x += v[7] + ((e & v[5]) ^ (~e & v[6])) + tni_sha256_constants[i] + w[i];
        y = tni_rotate_left(a, 30) ^ tni_rotate_left(a, 19) ^ tni_rotate_left(a, 10);
        y += (a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += x;
        v[0] = x + y;
    }
    for (i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

/* Whole blocks, then what is left with a 1 bit, zeros and the length in bits. */
static void tni_digest(tni_digest_kind kind, const uint8_t *data, size_t length, uint32_t *state) {
    static const tni_digest_block blocks[] = {tni_md5_block, tni_sha1_block, tni_sha256_block};
    static const uint32_t short_start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                            0xc3d2e1f0};
    static const uint32_t long_start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint8_t last[128];
    size_t whole = length / 64 * 64, rest = length - whole, i, total;
    uint64_t bits = (uint64_t)length * 8;
    memcpy(state, long_start, sizeof long_start);
    if (kind != TNI_DIGEST_SHA256) {
        memcpy(state, short_start, sizeof short_start);
    }
    for (i = 0; i < whole; i += 64) {
        blocks[kind](state, data + i);
    }
    memset(last, 0, sizeof last);
    if (rest > 0) {
        memcpy(last, data + whole, rest);
    }
    last[rest] = 0x80;
    total = rest < 56 ? 64 : 128;
    for (i = 0; i < 8; i++) {
        size_t place = kind == TNI_DIGEST_MD5 ? total - 8 + i : total - 1 - i;
        last[place] = (uint8_t)(bits >> (8 * i));
    }
    for (i = 0; i < total; i += 64) {
        blocks[kind](state, last + i);
    }
}

static trueno_status tni_digest_rows(tni_call *call, tni_digest_kind kind) {
    static const uint8_t words[] = {4, 5, 8};
    static const char digits[] = "0123456789abcdef";
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i, k;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *in = &s.data[i * s.step];
        uint32_t state[8];
        char text[64];
        tni_digest(kind, tni_string_data(in), in->length, state);
        for (k = 0; k < words[kind] * 8u; k++) {
            uint32_t byte = k / 2 % 4;
            uint32_t v = state[k / 8] >> (kind == TNI_DIGEST_MD5 ? 8 * byte : 24 - 8 * byte);
            text[k] = digits[(k % 2 ? v : v >> 4) & 15];
        }
        TNI_TRY(tni_scalar_put(call, i, text, words[kind] * 8u));
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_md5(tni_call *call) {
    return tni_digest_rows(call, TNI_DIGEST_MD5);
}
TNI_FN trueno_status tni_eval_sha1(tni_call *call) {
    return tni_digest_rows(call, TNI_DIGEST_SHA1);
}
TNI_FN trueno_status tni_eval_sha256(tni_call *call) {
    return tni_digest_rows(call, TNI_DIGEST_SHA256);
}
