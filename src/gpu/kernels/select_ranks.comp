#version 450
// select_ranks.comp - codes of text become ranks of a sorted dictionary: keys[at + i] =
// ranks[keys[at + i]], turned round when descending.
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x = 256) in;
layout(set = 0, binding = 0, std430) buffer Keys { uvec2 keys[]; };
layout(set = 0, binding = 1, std430) readonly buffer Ranks { uint ranks[]; };
layout(push_constant, std430) uniform Push {
    uint count;
    uint at;
    uint entries;
    uint descending;
} push;

void main() {
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    [[unroll]] for (uint j = 0u; j < 4u; j++) {
        uint i = group * 1024u + j * 256u + gl_LocalInvocationID.x;
        if (i < push.count) {
            uint rank = ranks[min(keys[push.at + i].x, push.entries - 1u)];
            keys[push.at + i] = uvec2(push.descending != 0u ? push.entries - 1u - rank : rank, 0u);
        }
    }
}
