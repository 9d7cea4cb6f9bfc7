#version 450
// topk_count.comp - a round's digits, counted. See topk.glsl.
#extension GL_GOOGLE_include_directive : require
#include "topk.glsl"

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint WIDE = 0u; // 64-bit keys
layout(set = 0, binding = 0, std430) readonly buffer In { uint w[]; } source;
layout(set = 0, binding = 0, std430) readonly buffer InPairs { uvec2 w[]; } source_pairs;
layout(set = 0, binding = 1, std430) readonly buffer Shared { State state; };
layout(set = 0, binding = 2, std430) buffer Counts { uint counts[256]; };

shared uint counted[1024]; // four copies: neighbouring subgroups do not meet

void main() {
    uint me = gl_LocalInvocationID.x;
    uint copy = (me >> 5 & 3u) * 256u;
    uint stride = gl_NumWorkGroups.x * 256u;
    if (state.done != 0u) {
        return;
    }
    uvec2 known = uvec2(state.known[0], state.known[1]);
    uvec2 prefix = uvec2(state.prefix[0], state.prefix[1]);
    for (uint i = me; i < 1024u; i += 256u) {
        counted[i] = 0u;
    }
    barrier();
    // a digit that comes again and again is added once
    uint last = 0u, run = 0u;
    for (uint i = gl_WorkGroupID.x * 256u + me; i < push.count; i += stride) {
        uvec2 key = WIDE != 0u ? source_pairs.w[i] : uvec2(source.w[i], 0u);
        if ((key & known) == prefix) {
            uint digit = (push.shift < 32u ? key.x : key.y) >> (push.shift & 31u) & 255u;
            if (run != 0u && digit != last) {
                atomicAdd(counted[copy + last], run);
                run = 0u;
            }
            last = digit;
            run++;
        }
    }
    if (run != 0u) {
        atomicAdd(counted[copy + last], run);
    }
    barrier();
    uint sum = counted[me] + counted[me + 256u] + counted[me + 512u] + counted[me + 768u];
    if (sum != 0u) {
        atomicAdd(counts[me], sum);
    }
}
