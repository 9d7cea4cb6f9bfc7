#version 450
// prefix_rows.comp - row numbers: out[i] = first + i.
layout(local_size_x = 256) in;
layout(set = 0, binding = 0, std430) writeonly buffer Out { uint rows[]; };
layout(push_constant, std430) uniform Push {
    uint count;
    uint first;
} push;

void main() {
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    uint i = group * 256u + gl_LocalInvocationID.x;
    if (i < push.count) {
        rows[i] = push.first + i;
    }
}
