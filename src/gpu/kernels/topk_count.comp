#version 450
// topk_count.comp - a round's digits, counted. See topk.glsl.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "topk.glsl"

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint WIDE = 0u; // 64-bit keys
layout(set = 0, binding = 0, std430) readonly buffer In { uvec4 keys[]; };
layout(set = 0, binding = 1, std430) readonly buffer Shared { State state; };
layout(set = 0, binding = 2, std430) buffer Counts { uint counts[256]; };

shared uint counted[1024]; // four copies: neighbouring subgroups do not meet

uint copy;     // this thread's counters
uvec2 known, prefix;
uint last = 0u; // a digit that comes again and again is added once
uint run = 0u;

void consider(const uvec2 key, const bool there) {
    if (there && (key & known) == prefix) {
        uint digit = (push.shift < 32u ? key.x : key.y) >> (push.shift & 31u) & 255u;
        if (run != 0u && digit != last) {
            atomicAdd(counted[copy + last], run);
            run = 0u;
        }
        last = digit;
        run++;
    }
}

void main() {
    uint me = gl_LocalInvocationID.x;
    uint stride = gl_NumWorkGroups.x * 256u;
    uint width = WIDE != 0u ? 2u : 4u; // keys of a vector
    uint vectors = (push.count + width - 1u) / width;
    if (state.done != 0u) {
        return;
    }
    copy = (me >> 5 & 3u) * 256u;
    known = uvec2(state.known[0], state.known[1]);
    prefix = uvec2(state.prefix[0], state.prefix[1]);
    for (uint i = me; i < 1024u; i += 256u) {
        counted[i] = 0u;
    }
    barrier();
    for (uint at = gl_WorkGroupID.x * 256u + me; at < vectors; at += stride * 4u) {
        uvec4 v[4]; // four loads in flight
        [[unroll]] for (uint j = 0u; j < 4u; j++) {
            v[j] = at + j * stride < vectors ? keys[at + j * stride] : uvec4(0u);
        }
        [[unroll]] for (uint j = 0u; j < 4u; j++) {
            uint first = (at + j * stride) * width;
            if (WIDE != 0u) {
                consider(v[j].xy, first < push.count);
                consider(v[j].zw, first + 1u < push.count);
            } else {
                consider(uvec2(v[j].x, 0u), first < push.count);
                consider(uvec2(v[j].y, 0u), first + 1u < push.count);
                consider(uvec2(v[j].z, 0u), first + 2u < push.count);
                consider(uvec2(v[j].w, 0u), first + 3u < push.count);
            }
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
