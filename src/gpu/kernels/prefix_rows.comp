#version 450
// prefix_rows.comp - row numbers: out[i] = first + i.
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x = 256) in;
layout(set = 0, binding = 0, std430) writeonly buffer Out { uint rows[]; };
layout(push_constant, std430) uniform Push {
    uint count;
    uint first;
} push;

void main() {
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    [[unroll]] for (uint j = 0u; j < 4u; j++) {
        uint i = group * 1024u + j * 256u + gl_LocalInvocationID.x;
        if (i < push.count) {
            rows[i] = push.first + i;
        }
    }
}
