#version 450
// topk_mark.comp - bitmaps of the keys below the prefix and of those that share it, and both counts
// of every stripe of 8,192 keys. See topk.glsl.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "topk.glsl"

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint WIDE = 0u; // 64-bit keys
layout(set = 0, binding = 0, std430) readonly buffer In { uvec4 keys[]; };
layout(set = 0, binding = 1, std430) readonly buffer Shared { State state; };
layout(set = 0, binding = 2, std430) writeonly buffer Below { uint below[]; };
layout(set = 0, binding = 3, std430) writeonly buffer Sharing { uint sharing[]; };
layout(set = 0, binding = 4, std430) writeonly buffer BelowCounts { uint below_counts[]; };
layout(set = 0, binding = 5, std430) writeonly buffer SharingCounts { uint sharing_counts[]; };

shared uint found[512]; // words of both bitmaps
shared uint folded[512];

uvec2 known, prefix;

// Bit 0: below the prefix. Bit 16: shares it.
uint kind(const uvec2 full, const bool there) {
    uvec2 key = full & known;
    bool less = key.y < prefix.y || (key.y == prefix.y && key.x < prefix.x);
    return !there ? 0u : less ? 1u : key == prefix ? 65536u : 0u;
}

void main() {
    uint me = gl_LocalInvocationID.x;
    uint stripe = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    const uint width = WIDE != 0u ? 2u : 4u; // keys of a vector
    const uint rounds = 32u / width;
    if (stripe >= push.stripes) {
        return;
    }
    known = uvec2(state.known[0], state.known[1]);
    prefix = uvec2(state.prefix[0], state.prefix[1]);
    found[me] = 0u;
    found[me + 256u] = 0u;
    barrier();
    for (uint i = 0u; i < rounds; i += 4u) {
        uvec4 v[4]; // four loads in flight
        [[unroll]] for (uint j = 0u; j < 4u; j++) {
            uint at = (stripe * rounds + i + j) * 256u + me;
            v[j] = at * width < push.count ? keys[at] : uvec4(0u);
        }
        [[unroll]] for (uint j = 0u; j < 4u; j++) {
            uint at = ((i + j) * 256u + me) * width; // within the stripe
            uint first = stripe * 8192u + at;
            uint kinds;
            if (WIDE != 0u) {
                kinds = kind(v[j].xy, first < push.count) |
                        kind(v[j].zw, first + 1u < push.count) << 1;
            } else {
                kinds = kind(uvec2(v[j].x, 0u), first < push.count) |
                        kind(uvec2(v[j].y, 0u), first + 1u < push.count) << 1 |
                        kind(uvec2(v[j].z, 0u), first + 2u < push.count) << 2 |
                        kind(uvec2(v[j].w, 0u), first + 3u < push.count) << 3;
            }
            if ((kinds & 15u) != 0u) {
                atomicOr(found[at >> 5], (kinds & 15u) << (at & 31u));
            }
            if (kinds >> 16 != 0u) {
                atomicOr(found[(at >> 5) + 256u], kinds >> 16 << (at & 31u));
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
