#version 450
// compact_gather.comp - out[i] = in[rows[i]] for elements of one or two words.
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

void main() {
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    uint i = group * 256u + gl_LocalInvocationID.x;
    if (i < push.count) {
        uint row = rows[i];
        if (WIDE != 0u) {
            target_pairs.w[i] = source_pairs.w[row];
        } else {
            target.w[i] = source.w[row];
        }
    }
}
