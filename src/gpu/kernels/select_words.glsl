// select_words.glsl - the keys of selected rows, packed in one word to sort by. See select.glsl.
//
// Bounds of every key are known beforehand: key s takes `width` bits of (key - minimum) from bit
// `to` of the word on, and NULL has a code of its own below or above all others. A key that leaves
// its bounds sets the error: the bounds were wrong, and so would be the order.
#extension GL_GOOGLE_include_directive : require
#define COLUMNS 24
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
    uvec2 null_code[SLOTS];
    uvec2 field[SLOTS]; // {width, to}
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
            uvec2 v = minus(directed(unpackUint2x32(q_value[q]), s), minimum[s]);
            v = there ? v : null_code[s];
            failed |= low_bits(v, field[s].x) != v ? 1u : 0u;
            word |= left(v, field[s].y & 63u);
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
