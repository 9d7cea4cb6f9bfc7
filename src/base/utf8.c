/*
 * utf8.c - UTF-8 validation, decoding, terminal width, simple case mapping.
 *
 * Validation skips ASCII 16 bytes at a time and checks the rest against table 3-7 of the Unicode
 * standard (no overlong forms, no surrogates, nothing above U+10FFFF). Width and case come from
 * run tables made from Unicode 14; a run is stored as the distance from the end of the run
 * before it, and its length, so that 16 bits suffice. Frequent blocks never reach the tables.
 *
 * Uses: text.h.
 */
#include "base/text.h"

/* ------------------------------------------------------------------- validation, decoding --- */

#define TNI_UTF8_HIGH_BITS UINT64_C(0x8080808080808080)

/* Bytes of the valid sequence at `p` (1 to 4), 0 when there is none. */
static size_t tni_utf8_sequence(const uint8_t *p, size_t left) {
    uint8_t lead = p[0], low = 0x80, high = 0xbf;
    size_t length, i;
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (left < length) {
        return 0;
    }
    /* the second byte's range keeps out overlong forms, surrogates and what is past the end */
    if (lead == 0xe0) {
        low = 0xa0;
    } else if (lead == 0xed) {
        high = 0x9f;
    } else if (lead == 0xf0) {
        low = 0x90;
    } else if (lead == 0xf4) {
        high = 0x8f;
    }
    if (p[1] < low || p[1] > high) {
        return 0;
    }
    for (i = 2; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

TNI_FN bool tni_utf8_valid(const void *data, size_t length) {
    const uint8_t *p = (const uint8_t *)data;
    size_t i = 0;
    while (i < length) {
        size_t step;
        while (length - i >= 16) {
            uint64_t a, b;
            memcpy(&a, p + i, 8);
            memcpy(&b, p + i + 8, 8);
            if (((a | b) & TNI_UTF8_HIGH_BITS) != 0) {
                break;
            }
            i += 16;
        }
        /* a block with other letters, or the tail: as far as it stays that way */
        for (step = 0; i < length && step < 16; step++) {
            size_t taken = tni_utf8_sequence(p + i, length - i);
            if (taken == 0) {
                return false;
            }
            i += taken;
        }
    }
    return true;
}

TNI_FN uint32_t tni_utf8_next(const uint8_t *data, size_t length, size_t *offset) {
    const uint8_t *p = data + *offset;
    size_t taken = tni_utf8_sequence(p, length - *offset);
    *offset += taken > 0 ? taken : 1;
    switch (taken) {
    case 1: return p[0];
    case 2: return ((p[0] & 0x1fu) << 6) | (p[1] & 0x3fu);
    case 3: return ((p[0] & 0x0fu) << 12) | ((p[1] & 0x3fu) << 6) | (p[2] & 0x3fu);
    case 4:
        return ((p[0] & 0x07u) << 18) | ((p[1] & 0x3fu) << 12) | ((p[2] & 0x3fu) << 6) |
               (p[3] & 0x3fu);
    default: return 0xfffd;
    }
}

TNI_FN size_t tni_utf8_put(uint32_t codepoint, uint8_t out[4]) {
    if (codepoint < 0x80) {
        out[0] = (uint8_t)codepoint;
        return 1;
    }
    if (codepoint < 0x800) {
        out[0] = (uint8_t)(0xc0 | (codepoint >> 6));
        out[1] = (uint8_t)(0x80 | (codepoint & 0x3f));
        return 2;
    }
    if ((codepoint >= 0xd800 && codepoint < 0xe000) || codepoint > 0x10ffff) {
        codepoint = 0xfffd; /* not encodable */
    }
    if (codepoint < 0x10000) {
        out[0] = (uint8_t)(0xe0 | (codepoint >> 12));
        out[1] = (uint8_t)(0x80 | ((codepoint >> 6) & 0x3f));
        out[2] = (uint8_t)(0x80 | (codepoint & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | (codepoint >> 18));
    out[1] = (uint8_t)(0x80 | ((codepoint >> 12) & 0x3f));
    out[2] = (uint8_t)(0x80 | ((codepoint >> 6) & 0x3f));
    out[3] = (uint8_t)(0x80 | (codepoint & 0x3f));
    return 4;
}

/* Every byte that does not continue a sequence begins a codepoint. */
TNI_FN size_t tni_utf8_length(const uint8_t *data, size_t length) {
    size_t count = 0, i = 0;
    for (; length - i >= 8; i += 8) {
        uint64_t v;
        memcpy(&v, data + i, 8);
        /* bit 7 set and bit 6 clear, gathered in bit 0 of each byte and summed by the product */
        v = (v >> 7) & ~(v >> 6) & UINT64_C(0x0101010101010101);
        count += 8 - (size_t)((v * UINT64_C(0x0101010101010101)) >> 56);
    }
    for (; i < length; i++) {
        count += (data[i] & 0xc0) != 0x80;
    }
    return count;
}

#undef TNI_UTF8_HIGH_BITS

/* ----------------------------------------------------------------------------------- width --- */

/* Runs as pairs: distance of the first codepoint from the end of the run before, length - 1. */

/* two columns, below U+20000 */
static const uint16_t tni_utf8_wide[166] = {
    4352,  95,   4539, 1,   14, 1,   191, 3,   4,  0,   3,   0,     522, 1,     22,    1,     51,
    11,    44,   0,    20,  0,  14,  0,   9,   1,  18,  1,   6,     1,   9,     0,     6,     0,
    22,    0,    8,    1,   2,  0,   5,   0,   3,  0,   8,   0,     5,   1,     29,    0,     36,
    0,     2,    0,    5,   2,  2,   0,   62,  2,  25,  0,   15,    0,   860,   1,     52,    0,
    5,     0,    811,  425, 5,  16,  3,   87,  3,  428, 9,   7023,  65,  22223, 1169,  31,    641,
    11183, 8529, 511,  785, 15, 17,  63,  146, 95, 128, 7,   28665, 3,   13,    19471, 13317, 0,
    203,   1,    190,  0,   3,  9,   102, 288, 13, 8,   2,   69,    2,   21,    13,    42,    5,
    4,     13,   16,   4,   0,  4,   70,  2,   0,  2,   186, 3,     62,  14,    3,     2,     23,
    19,    0,    27,   1,   14, 0,   87,  84,  49, 69,  7,   0,     4,   2,     3,     10,    12,
    4,     5,    11,   225, 31, 269, 46,  2,   9,  2,   184, 113,   143,
};

/* no columns: combining marks, format characters, medial and final Hangul letters */
static const uint16_t tni_utf8_zero[624] = {
    768,  111,  276,  6,    264,   44,  2,    0,  2,   1,  2,     1,  2,     8,   49,  5,
    11,   10,   2,    0,    47,    20,  17,   0,  102, 7,  2,     5,  3,     1,   2,   3,
    34,   0,    2,    0,    31,    28,  90,   10, 59,  8,  10,    0,  25,    3,   2,   8,
    2,    2,    2,    6,    42,    4,   51,   15, 43,  56, 56,    0,  2,     0,   5,   7,
    5,    0,    4,    6,    11,    1,   30,   0,  59,  0,  5,     5,  7,     0,   21,  3,
    25,   4,    58,   1,    4,     23,  24,   1,  4,   0,  12,    1,  58,    0,   5,   7,
    5,    2,    19,   3,    21,    7,   59,   0,  3,   0,  2,     5,  7,     9,   12,  3,
    29,   0,    62,   0,    13,    2,   49,   0,  4,   0,  56,    0,  2,     2,   6,   17,
    11,   3,    28,   0,    59,    0,   3,    0,  7,   0,  6,     8,  14,    3,   27,  1,
    58,   1,    5,    4,    8,     0,   21,   3,  28,  0,  73,    4,  4,     5,   90,  0,
    3,    10,   9,    7,    99,    0,   3,    8,  12,  7,  73,    1,  28,    0,   2,   0,
    2,    0,    56,   13,   2,     4,   2,    1,  6,   48, 9,     0,  103,   3,   2,   5,
    2,    1,    3,    1,    26,    1,   5,    2,  17,  3,  14,    0,  3,     1,   7,   0,
    16,   0,    195,  159,  350,   2,   947,  2,  30,  1,  31,    13, 19,    13,  53,  1,
    2,    6,    9,    0,    3,     10,  10,   2,  44,  4,  118,   1,  35,    0,   119, 2,
    5,    1,    10,   0,    7,     6,   216,  1,  3,   2,  57,    0,  2,     8,   2,   0,
    3,    7,    7,    12,   49,    83,  49,   0,  2,   4,  2,     0,  6,     0,   41,  8,
    13,   1,    33,   3,    3,     1,   2,    2,  57,  0,  2,     1,  4,     0,   2,   2,
    59,   7,    3,    4,    150,   2,   2,    12, 2,   6,  5,     0,  7,     0,   4,   1,
    199,  63,   524,  4,    27,    4,   50,   15, 97,  47, 3056,  2,  142,   0,   97,  31,
    555,  3,    108,  1,    30165, 3,   2,    9,  33,  1,  81,    1,  273,   0,   4,   0,
    5,    0,    26,   1,    6,     3,   149,  9,  19,  17, 14,    0,  39,    7,   26,  10,
    47,   2,    49,   0,    3,     3,   3,    1,  40,  0,  68,    5,  3,     1,   3,   10,
    4,    0,    9,    0,    48,    0,   52,   0,  2,   2,  3,     1,  6,     1,   2,   0,
    43,   1,    9,    10,   229,   0,   3,    0,  5,   2,  20271, 0,  738,   15,  17,  15,
    208,  1,    249,  2,    514,   130, 97,   0,  150, 9,  1666,  14, 41,    7,   166, 5,
    570,  11,   380,  1,    154,   10,  50,   3,  124, 0,  55,    14, 42,    0,   3,   1,
    11,   2,    50,   3,    3,     1,   3,    0,  5,   13, 49,    2,  37,    4,   2,   8,
    62,   0,    13,   1,    53,    8,   11,   3,  3,   0,  96,    2,  3,     0,   2,   1,
    7,    65,   96,   0,    4,     12,  17,   1,  58,  1,  4,     0,  38,    153, 57,  7,
    3,    2,    2,    0,    24,    0,   85,   5,  2,   0,  5,     1,  2,     1,   239, 5,
    5,    1,    2,    1,    28,    35,  52,   7,  3,   0,  2,     1,  107,   0,   2,   0,
    3,    5,    2,    0,    102,   2,   3,    3,  2,   8,  256,   8,  2,     1,   257, 1,
    2,    0,    5,    0,    145,   7,   5,    0,  33,  9,  41,    5,  3,     3,   9,   8,
    2,    5,    3,    2,    47,    12,  2,    1,  407, 13, 2,     0,  83,    22,  2,   6,
    2,    1,    2,    74,   50,    20,  2,    8,  65,  2,  3,     0,  2,     0,   348, 1,
    5436, 4047, 9969, 4,    60,    6,   1049, 0,  64,  3,  82,    11, 19630, 1,   2,   4783,
    536,  2,    10,   15,   3,     6,   31,   3,  149, 2,  1980,  54, 5,     49,  9,   0,
    15,   0,    23,   1124, 257,   255, 49,   6,  376, 17, 45,    3,  1505,  47,  69,  6,
};

static bool tni_utf8_in_runs(const uint16_t *runs, size_t count, uint32_t codepoint) {
    size_t i;
    uint32_t at = 0;
    for (i = 0; i < count; i += 2) {
        at += runs[i];
        if (codepoint < at) {
            return false;
        }
        at += runs[i + 1];
        if (codepoint <= at) {
            return true;
        }
    }
    return false;
}

TNI_FN uint32_t tni_utf8_width(uint32_t codepoint) {
    if (codepoint < 0x300) {
        return codepoint >= 0x20 && (codepoint < 0x7f || codepoint >= 0xa0) ? 1 : 0;
    }
    if ((codepoint >= 0x4e00 && codepoint < 0xa000) ||
        (codepoint >= 0x20000 && codepoint < 0x3fffe)) {
        return 2;
    }
    if (codepoint >= 0x20000) {
        return codepoint >= 0xe0001 && codepoint <= 0xe01ef ? 0 : 1;
    }
    if (tni_utf8_in_runs(tni_utf8_zero, TNI_COUNT_OF(tni_utf8_zero), codepoint)) {
        return 0;
    }
    return tni_utf8_in_runs(tni_utf8_wide, TNI_COUNT_OF(tni_utf8_wide), codepoint) ? 2 : 1;
}

/* ------------------------------------------------------------------------------------ case --- */

/* Letters that map by the same delta. span = 2 * (last - first) + 1 when only every second
 * codepoint from the first belongs to the run, 2 * (last - first) when all do. */
typedef struct tni_case_run {
    uint16_t gap; /* first codepoint - last codepoint of the run before */
    uint16_t span;
    int32_t delta;
} tni_case_run;

/* lower case letters whose upper case letter maps back */
static const tni_case_run tni_case_pairs[174] = {
    {223, 0, 7615},   {1, 44, -32},     {2, 12, -32},      {1, 0, 121},      {2, 93, -1},
    {4, 9, -1},       {3, 29, -1},      {3, 89, -1},       {3, 9, -1},       {2, 0, 195},
    {3, 5, -1},       {3, 0, -1},       {4, 0, -1},        {6, 0, -1},       {3, 0, 97},
    {4, 0, -1},       {1, 0, 163},      {4, 0, 130},       {3, 9, -1},       {3, 0, -1},
    {5, 0, -1},       {3, 0, -1},       {4, 5, -1},        {3, 0, -1},       {4, 0, -1},
    {2, 0, 56},       {7, 0, -2},       {3, 0, -2},        {3, 0, -2},       {2, 29, -1},
    {1, 0, -79},      {2, 33, -1},      {4, 0, -2},        {2, 0, -1},       {4, 77, -1},
    {4, 33, -1},      {9, 0, -1},       {3, 2, 10815},     {2, 0, -1},       {5, 17, -1},
    {1, 0, 10783},    {1, 0, 10780},    {1, 0, 10782},     {1, 0, -210},     {1, 0, -206},
    {2, 2, -205},     {2, 0, -202},     {2, 0, -203},      {1, 0, 42319},    {4, 0, -205},
    {1, 0, 42315},    {2, 0, -207},     {2, 0, 42280},     {1, 0, 42308},    {2, 0, -209},
    {1, 0, -211},     {1, 0, 42308},    {1, 0, 10743},     {1, 0, 42305},    {3, 0, -211},
    {2, 0, 10749},    {1, 0, -213},     {3, 0, -214},      {8, 0, 10727},    {3, 0, -218},
    {2, 0, 42307},    {1, 0, -218},     {4, 0, 42282},     {1, 0, -218},     {1, 0, -69},
    {1, 2, -217},     {1, 0, -71},      {6, 0, -219},      {11, 0, 42261},   {1, 0, 42258},
    {211, 5, -1},     {4, 0, -1},       {4, 4, 130},       {47, 0, -38},     {1, 4, -37},
    {2, 32, -32},     {2, 16, -32},     {1, 0, -64},       {1, 2, -63},      {9, 0, -8},
    {2, 45, -1},      {3, 0, 7},        {1, 0, -116},      {5, 0, -1},       {3, 0, -1},
    {53, 62, -32},    {1, 30, -80},     {2, 65, -1},       {10, 105, -1},    {3, 25, -1},
    {1, 0, -15},      {2, 189, -1},     {50, 74, -48},     {2890, 84, 3008}, {3, 4, 3008},
    {761, 10, -8},    {2428, 0, 35332}, {4, 0, 3814},      {17, 0, 35384},   {115, 297, -1},
    {12, 189, -1},    {1, 14, 8},       {9, 10, 8},        {11, 14, 8},      {9, 14, 8},
    {9, 10, 8},       {12, 13, 8},      {9, 14, 8},        {9, 2, 74},       {1, 6, 86},
    {1, 2, 100},      {1, 2, 128},      {1, 2, 112},       {1, 2, 126},      {3, 14, 8},
    {9, 14, 8},       {9, 14, 8},       {9, 2, 8},         {2, 0, 9},        {16, 0, 9},
    {13, 2, 8},       {15, 2, 8},       {4, 0, 7},         {14, 0, 9},       {347, 0, -28},
    {34, 30, -16},    {5, 0, -1},       {844, 50, -26},    {1863, 94, -48},  {2, 0, -1},
    {4, 0, -10795},   {1, 0, -10792},   {2, 9, -1},        {7, 0, -1},       {3, 0, -1},
    {11, 197, -1},    {9, 5, -1},       {5, 0, -1},        {13, 74, -7264},  {2, 0, -7264},
    {6, 0, -7264},    {30996, 89, -1},  {20, 53, -1},      {136, 25, -1},    {4, 121, -1},
    {11, 5, -1},      {3, 17, -1},      {5, 0, -1},        {5, 5, -1},       {1, 0, 48},
    {3, 37, -1},      {12, 29, -1},     {5, 5, -1},        {7, 0, -1},       {6, 5, -1},
    {29, 0, -1},      {861, 0, -928},   {29, 158, -38864}, {21378, 50, -32}, {1230, 78, -40},
    {137, 70, -40},   {156, 20, -39},   {2, 28, -39},      {2, 12, -39},     {2, 2, -39},
    {1796, 100, -64}, {3022, 62, -32},  {21889, 62, -32},  {31395, 66, -34},
};

/* letters with an upper case that does not map back */
static const tni_case_run tni_case_upper[26] = {
    {181, 0, 743}, {124, 0, -232},  {78, 0, -300}, {70, 0, -1},   {3, 0, -1},       {3, 0, -1},
    {39, 0, -1},   {339, 0, 84},    {125, 0, -31}, {14, 0, -62},  {1, 0, -57},      {4, 0, -47},
    {1, 0, -54},   {26, 0, -86},    {1, 0, -80},   {4, 0, -96},   {6283, 0, -6254}, {1, 0, -6253},
    {1, 0, -6244}, {1, 2, -6242},   {1, 0, -6243}, {1, 0, -6236}, {1, 0, -6181},    {1, 0, 35266},
    {531, 0, -59}, {291, 0, -7205},
};

/* and the same for lower case */
static const tni_case_run tni_case_lower[9] = {
    {304, 0, -199}, {149, 0, 1},      {3, 0, 1},     {3, 0, 1},     {39, 0, 1},
    {514, 0, -60},  {7474, 0, -7517}, {4, 0, -8383}, {1, 0, -8262},
};

/* codepoint + delta of the run it is in; `reverse` looks at the far side of the mapping. */
static uint32_t tni_case_map(const tni_case_run *runs, size_t count, uint32_t codepoint,
                             bool reverse) {
    size_t i;
    uint32_t at = 0;
    for (i = 0; i < count; i++) {
        uint32_t distance, last = runs[i].span >> 1, delta = (uint32_t)runs[i].delta;
        at += runs[i].gap;
        distance = codepoint - at - (reverse ? delta : 0);
        if (distance <= last && !(runs[i].span & distance & 1)) {
            return reverse ? codepoint - delta : codepoint + delta;
        }
        at += last;
    }
    return codepoint;
}

TNI_FN uint32_t tni_utf8_upper(uint32_t codepoint) {
    uint32_t mapped;
    if (codepoint < 0x80) {
        return codepoint - (codepoint >= 'a' && codepoint <= 'z' ? 32u : 0u);
    }
    if (codepoint >= 0x430 && codepoint < 0x450) {
        return codepoint - 32; /* Cyrillic */
    }
    if (codepoint >= 0x2000 && codepoint < 0xa640 && (codepoint < 0x2c00 || codepoint > 0x2dff) &&
        (codepoint < 0x2100 || codepoint > 0x24ff)) {
        return codepoint; /* signs and ideographs */
    }
    mapped = tni_case_map(tni_case_pairs, TNI_COUNT_OF(tni_case_pairs), codepoint, false);
    return mapped != codepoint
               ? mapped
               : tni_case_map(tni_case_upper, TNI_COUNT_OF(tni_case_upper), codepoint, false);
}

TNI_FN uint32_t tni_utf8_lower(uint32_t codepoint) {
    uint32_t mapped;
    if (codepoint < 0x80) {
        return codepoint + (codepoint >= 'A' && codepoint <= 'Z' ? 32u : 0u);
    }
    if (codepoint >= 0x410 && codepoint < 0x450) {
        return codepoint + (codepoint < 0x430 ? 32 : 0); /* Cyrillic */
    }
    if (codepoint >= 0x2000 && codepoint < 0xa640 && (codepoint < 0x2c00 || codepoint > 0x2dff) &&
        (codepoint < 0x2100 || codepoint > 0x24ff)) {
        return codepoint;
    }
    mapped = tni_case_map(tni_case_pairs, TNI_COUNT_OF(tni_case_pairs), codepoint, true);
    return mapped != codepoint
               ? mapped
               : tni_case_map(tni_case_lower, TNI_COUNT_OF(tni_case_lower), codepoint, false);
}
