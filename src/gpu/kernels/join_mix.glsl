// join_mix.glsl - the hash of every key and its row number, for cutting a side into parts. The row
// of a NULL key has its top bit set. See join.glsl.
#include "join.glsl"

layout(set = 0, binding = 0, std430) readonly buffer Keys { KEY keys[]; };
layout(set = 0, binding = 1, std430) readonly buffer Validity { uint valid[]; };
layout(set = 0, binding = 2, std430) writeonly buffer Hashes { uint hashes[]; };
layout(set = 0, binding = 3, std430) writeonly buffer Rows { uint numbers[]; };

void main() {
    uint row = group_number() * 256u + gl_LocalInvocationID.x;
    if (row < push.rows) {
        bool is_valid = VALIDITY == 0u || (valid[row >> 5] >> (row & 31u) & 1u) != 0u;
        hashes[row] = hash(keys[row]);
        numbers[row] = is_valid ? row : row | 0x80000000u;
    }
}
