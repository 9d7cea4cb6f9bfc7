// select_keys.glsl - values of the selected rows of a morsel, or of all: order-preserving unsigned
// keys, or codes. See select.glsl.
//
// Thread i writes key s of its row at keys[s * stride + ...], 0 where it is NULL, and into nulls[]
// bit s where it is. Which row, and where, is the MODE's:
//   0  row rows[blocks + i] - first, at blocks + i: the rows are in order, these are the morsel's
//   1  row i, at first + i: all rows
//   2  row rows[i] - first, at i, if that is one of the morsel's `blocks` rows: any order
// DESCENDING turns keys round; FLOATING makes -0.0 equal to 0.0, as comparisons have it.
#extension GL_GOOGLE_include_directive : require
#define COLUMNS 20
#include "select.glsl"

layout(constant_id = 0) const uint KEYS = 1u;
layout(constant_id = 1) const uint MODE = 0u;
layout(constant_id = 2) const uint DESCENDING = 0u; // a bit a key
layout(constant_id = 3) const uint FLOATING = 0u;
layout(constant_id = 4) const uint CODES = 0u;      // q_value[SLOTS + s] has it: codes of text
layout(constant_id = 5) const uint NULLABLE = 0u;   // any key: nulls[] is written

layout(set = 0, binding = 1, std430) buffer Control {
    uint error;
    uint first;
    uint stride;
};
layout(set = 0, binding = 2, std430) readonly buffer Rows { uint rows[]; };
layout(set = 0, binding = 3, std430) writeonly buffer Keys { uvec2 keys[]; };
layout(set = 0, binding = 4, std430) writeonly buffer Nulls { uint nulls[]; };

void main() {
    uint i = group_number() * 256u + gl_LocalInvocationID.x;
    if (i >= push.rows) {
        return;
    }
    uint row = i, to = first + i;
    if (MODE == 0u) {
        to = push.blocks + i;
        row = rows[to] - first;
    } else if (MODE == 2u) {
        to = i;
        row = rows[i] - first; // those before the morsel wrap around
        if (row >= push.blocks) {
            return;
        }
    }
    uint absent = 0u;
    q_row(row, row >> 16);
    [[unroll]] for (uint s = 0u; s < SLOTS; s++) {
        if (s < KEYS) {
            bool is_code = (CODES >> s & 1u) != 0u;
            uint64_t v = is_code ? q_value[SLOTS + s] : q_value[s];
            bool there = (q_valid >> (is_code ? SLOTS + s : s) & 1u) != 0u;
            uvec2 key = unpackUint2x32(v);
            if ((FLOATING >> s & 1u) != 0u && key == uvec2(0xffffffffu, 0x7fffffffu)) {
                key = uvec2(0u, 0x80000000u);
            }
            if ((DESCENDING >> s & 1u) != 0u) {
                key = ~key;
            }
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
