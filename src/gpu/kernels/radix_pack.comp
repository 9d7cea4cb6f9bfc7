#version 450
// radix_pack.comp - fields of several keys beside one another in one word to sort by.
//
// Field f takes `width` bits from bit `low` of (key - minimum), or a row's NULL bit, to bit `to` of
// the word; keys that are NULL count 0. With ORDERED the word of place i is that of row order[i].
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "radix_words.glsl"

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint WIDE = 0u;    // words of 64 bits
layout(constant_id = 1) const uint ORDERED = 0u;
layout(constant_id = 2) const uint NULLABLE = 0u;
layout(set = 0, binding = 0, std430) readonly buffer Keys { uvec2 keys[]; };
layout(set = 0, binding = 1, std430) readonly buffer Nulls { uint nulls[]; };
layout(set = 0, binding = 2, std430) readonly buffer Order { uint order[]; };
layout(set = 0, binding = 3, std430) writeonly buffer Out { uint w[]; } target;
layout(set = 0, binding = 3, std430) writeonly buffer OutPairs { uvec2 w[]; } target_pairs;
layout(set = 0, binding = 4, std430) readonly buffer Parameters {
    uint count;
    uint stride;
    uint fields;
    uint flip;        // of the NULL bits
    uvec2 minimum[8];
    uvec2 field[16];  // {key or 8 + key for its NULL bit, low | width << 8 | to << 16}
};

void pack(const uint i) {
    uint row = ORDERED != 0u ? order[i] : i;
    uint absent = NULLABLE != 0u ? nulls[row] : 0u;
    uvec2 word = uvec2(0u);
    for (uint f = 0u; f < fields; f++) {
        uint key = field[f].x, how = field[f].y;
        uvec2 v = uvec2((absent ^ flip) >> (key & 7u) & 1u, 0u);
        if (key < 8u) {
            v = minus(keys[key * stride + row], minimum[key]);
            v = (absent >> key & 1u) != 0u ? uvec2(0u) : v;
            v = low_bits(right(v, how & 255u), how >> 8 & 255u);
        }
        word |= left(v, how >> 16);
    }
    if (WIDE != 0u) {
        target_pairs.w[i] = word;
    } else {
        target.w[i] = word.x;
    }
}

// Four rows a thread: small workgroups in large numbers cost more than what they do.
void main() {
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    [[unroll]] for (uint j = 0u; j < 4u; j++) {
        uint i = group * 1024u + j * 256u + gl_LocalInvocationID.x;
        if (i < count) {
            pack(i);
        }
    }
}
