#version 450
// compact_gather.comp - out[i] = in[rows[i]] for elements of one or two words.
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint WIDE = 0u; // two words
layout(set = 0, binding = 0, std430) readonly buffer In { uint w[]; } source;
layout(set = 0, binding = 0, std430) readonly buffer InPairs { uvec2 w[]; } source_pairs;
layout(set = 0, binding = 1, std430) readonly buffer Rows { uint rows[]; };
layout(set = 0, binding = 2, std430) writeonly buffer Out { uint w[]; } target;
layout(set = 0, binding = 2, std430) writeonly buffer OutPairs { uvec2 w[]; } target_pairs;
layout(push_constant, std430) uniform Push {
    uint count;
} push;

// Four elements a thread, all loads in flight.
void main() {
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    uint first = group * 1024u + gl_LocalInvocationID.x;
    uint row[4];
    uvec2 value[4];
    [[unroll]] for (uint j = 0u; j < 4u; j++) {
        uint i = first + j * 256u;
        row[j] = i < push.count ? rows[i] : 0u;
    }
    [[unroll]] for (uint j = 0u; j < 4u; j++) {
        if (first + j * 256u < push.count) {
            value[j] = WIDE != 0u ? source_pairs.w[row[j]] : uvec2(source.w[row[j]], 0u);
        }
    }
    [[unroll]] for (uint j = 0u; j < 4u; j++) {
        uint i = first + j * 256u;
        if (i < push.count) {
            if (WIDE != 0u) {
                target_pairs.w[i] = value[j];
            } else {
                target.w[i] = value[j].x;
            }
        }
    }
}
