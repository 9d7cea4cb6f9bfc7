// select_keys.glsl - values of the selected rows of a morsel, or of all: order-preserving unsigned
// keys, or codes. See select.glsl.
//
// Thread i writes key s of its row at keys[s * stride + ...], 0 where it is NULL, and into nulls[]
// bit s where it is. Which row, and where: see select_places.glsl.
// DESCENDING turns keys round; FLOATING makes -0.0 equal to 0.0, as comparisons have it.
#extension GL_GOOGLE_include_directive : require
#define COLUMNS 24
#include "select.glsl"
#include "select_places.glsl"

layout(constant_id = 0) const uint KEYS = 1u;
layout(constant_id = 4) const uint CODES = 0u;      // q_value[SLOTS + s] has it: codes of text
layout(constant_id = 5) const uint NULLABLE = 0u;   // any key: nulls[] is written

layout(set = 0, binding = 3, std430) writeonly buffer Keys { uvec2 keys[]; };
layout(set = 0, binding = 4, std430) writeonly buffer Nulls { uint nulls[]; };

void take(const uint i) {
    uint to = place(i);
    uint from = row_of(i, to);
    if (MODE == 2u && from >= push.blocks) {
        return;
    }
    uint absent = 0u;
    q_row(from, from >> 16);
    [[unroll]] for (uint s = 0u; s < SLOTS; s++) {
        if (s < KEYS) {
            bool is_code = (CODES >> s & 1u) != 0u;
            uint64_t v = is_code ? q_value[SLOTS + s] : q_value[s];
            bool there = (q_valid >> (is_code ? SLOTS + s : s) & 1u) != 0u;
            uvec2 key = directed(unpackUint2x32(v), s);
            keys[s * stride + to] = there ? key : uvec2(0u);
            absent |= there ? 0u : 1u << s;
        }
    }
    if (NULLABLE != 0u) {
        nulls[to] = absent;
    }
    if (q_error != 0u) {
        atomicOr(error, q_error);
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
