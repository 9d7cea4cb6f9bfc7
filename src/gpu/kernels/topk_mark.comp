#version 450
// topk_mark.comp - bitmaps of the keys below the prefix and of those that share it, and both counts
// of every stripe of 8,192 keys. See topk.glsl.
#extension GL_GOOGLE_include_directive : require
#include "topk.glsl"

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint WIDE = 0u; // 64-bit keys
layout(set = 0, binding = 0, std430) readonly buffer In { uint w[]; } source;
layout(set = 0, binding = 0, std430) readonly buffer InPairs { uvec2 w[]; } source_pairs;
layout(set = 0, binding = 1, std430) readonly buffer Shared { State state; };
layout(set = 0, binding = 2, std430) writeonly buffer Below { uint below[]; };
layout(set = 0, binding = 3, std430) writeonly buffer Sharing { uint sharing[]; };
layout(set = 0, binding = 4, std430) writeonly buffer BelowCounts { uint below_counts[]; };
layout(set = 0, binding = 5, std430) writeonly buffer SharingCounts { uint sharing_counts[]; };

shared uint found[512]; // words of both bitmaps
shared uint folded[512];

void main() {
    uint me = gl_LocalInvocationID.x;
    uint stripe = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    uvec2 known = uvec2(state.known[0], state.known[1]);
    uvec2 prefix = uvec2(state.prefix[0], state.prefix[1]);
    if (stripe >= push.stripes) {
        return;
    }
    found[me] = 0u;
    found[me + 256u] = 0u;
    barrier();
    for (uint i = 0u; i < 32u; i++) {
        uint at = stripe * 8192u + i * 256u + me;
        if (at < push.count) {
            uvec2 key = WIDE != 0u ? source_pairs.w[at] : uvec2(source.w[at], 0u);
            key &= known;
            bool less = key.y < prefix.y || (key.y == prefix.y && key.x < prefix.x);
            if (less || key == prefix) {
                atomicOr(found[i * 8u + (me >> 5) + (less ? 0u : 256u)], 1u << (me & 31u));
            }
        }
    }
    barrier();
    uint a = found[me], b = found[me + 256u];
    below[stripe * 256u + me] = a;
    sharing[stripe * 256u + me] = b;
    folded[me] = uint(bitCount(a));
    folded[me + 256u] = uint(bitCount(b));
    barrier();
    for (uint half_threads = 128u; half_threads > 0u; half_threads >>= 1) {
        if (me < half_threads) {
            folded[me] += folded[me + half_threads];
            folded[me + 256u] += folded[me + 256u + half_threads];
        }
        barrier();
    }
    if (me == 0u) {
        below_counts[stripe] = folded[0];
        sharing_counts[stripe] = folded[256];
    }
}
