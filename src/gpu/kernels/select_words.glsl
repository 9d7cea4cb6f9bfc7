// select_words.glsl - the keys of selected rows, packed in one word to sort by. See select.glsl.
//
// Bounds of every key are known beforehand: key s takes `width` bits of (key - minimum) from bit
// `to` of the word on, and its NULL bit stands at bit `null_at` (64: it has none). A key that
// leaves its bounds sets the error: the bounds were wrong, and so would be the order.
#extension GL_GOOGLE_include_directive : require
#define COLUMNS 20
#include "radix_words.glsl"
#include "select.glsl"
#include "select_places.glsl"

layout(constant_id = 0) const uint KEYS = 1u;
layout(constant_id = 4) const uint CODES = 0u; // q_value[SLOTS + s] has it: ordered codes of text
layout(constant_id = 5) const uint WIDE = 0u;  // words of 64 bits

layout(set = 0, binding = 3, std430) writeonly buffer Out { uint w[]; } target;
layout(set = 0, binding = 3, std430) writeonly buffer OutPairs { uvec2 w[]; } target_pairs;
layout(set = 0, binding = 4, std430) readonly buffer Parameters {
    uvec2 minimum[SLOTS];
    uvec2 field[SLOTS]; // {width | to << 8 | null_at << 16, the NULL bit of rows that are not}
};

void take(const uint i) {
    uint to = place(i);
    uint from = row_of(i, to);
    uvec2 word = uvec2(0u);
    uint failed = 0u;
    q_row(from, from >> 16);
    failed = q_error;
    [[unroll]] for (uint s = 0u; s < SLOTS; s++) {
        if (s < KEYS) {
            uint q = (CODES >> s & 1u) != 0u ? SLOTS + s : s;
            bool there = (q_valid >> q & 1u) != 0u;
            uint width = field[s].x & 255u, at = field[s].x >> 8 & 255u;
            uint null_at = field[s].x >> 16;
            uvec2 v = minus(directed(unpackUint2x32(q_value[q]), s), minimum[s]);
            if (there) {
                failed |= low_bits(v, width) != v ? 1u : 0u;
                word |= left(v, at & 63u);
            }
            if (null_at < 64u) {
                word |= left(uvec2(there ? field[s].y : 1u - field[s].y, 0u), null_at);
            }
        }
    }
    if (WIDE != 0u) {
        target_pairs.w[to] = word;
    } else {
        target.w[to] = word.x;
    }
    if (failed != 0u) {
        atomicOr(error, failed);
    }
}

// Four rows a thread: small workgroups in large numbers cost more than what they do.
void main() {
    uint first = group_number() * 1024u + gl_LocalInvocationID.x;
    [[unroll]] for (uint j = 0u; j < 4u; j++) {
        uint i = first + j * 256u;
        if (i < push.rows) {
            take(i);
        }
    }
}
