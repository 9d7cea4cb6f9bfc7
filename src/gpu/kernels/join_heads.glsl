// join_heads.glsl - of sorted keys: 1 where a run of equal ones begins, else 0. See join.glsl.
#include "join.glsl"

layout(set = 0, binding = 0, std430) readonly buffer Keys { KEY keys[]; };
layout(set = 0, binding = 1, std430) writeonly buffer Heads { uint heads[]; };

void main() {
    uint row = group_number() * 256u + gl_LocalInvocationID.x;
    if (row < push.rows) {
        heads[row] = row == 0u || keys[row] != keys[row - 1u] ? 1u : 0u;
    }
}
