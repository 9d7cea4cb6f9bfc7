// join_compact.glsl - the valid keys and their row numbers, close together and in their order. See
// join.glsl. The first step (KIND 0) makes a word of each validity bit; their prefix sums say where
// the second (KIND 1) puts each.
#include "join.glsl"

layout(set = 0, binding = 0, std430) readonly buffer Keys { KEY keys[]; };
layout(set = 0, binding = 1, std430) readonly buffer Validity { uint valid[]; };
layout(set = 0, binding = 2, std430) buffer Places { uint places[]; };
layout(set = 0, binding = 3, std430) writeonly buffer KeysOut { KEY keys_out[]; };
layout(set = 0, binding = 4, std430) writeonly buffer RowsOut { uint rows_out[]; };

void main() {
    uint row = group_number() * 256u + gl_LocalInvocationID.x;
    if (row < push.rows) {
        uint bit = valid[row >> 5] >> (row & 31u) & 1u;
        if (KIND == 0u) {
            places[row] = bit;
        } else if (bit != 0u) {
            keys_out[places[row]] = keys[row];
            rows_out[places[row]] = row;
        }
    }
}
