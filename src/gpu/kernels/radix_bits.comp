#version 450
// radix_bits.comp - which bits are set in all keys and which in any: the sort skips digits that are
// the same everywhere. Results: {all low, all high, any low, any high}.
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint WIDE = 0u; // 64-bit keys
layout(set = 0, binding = 0, std430) readonly buffer In { uvec4 keys[]; };
layout(set = 0, binding = 1, std430) buffer Bits { uint bits[]; };
layout(push_constant, std430) uniform Push {
    uint count;
} push;

shared uvec4 folded[256];

uvec4 both(const uvec4 a, const uvec4 b) {
    return uvec4(a.xy & b.xy, a.zw | b.zw);
}

void main() {
    uint me = gl_LocalInvocationID.x;
    uint stride = gl_NumWorkGroups.x * 256u;
    uint width = WIDE != 0u ? 2u : 4u; // keys of a vector
    uint vectors = (push.count + width - 1u) / width;
    uvec4 sum = uvec4(~0u, ~0u, 0u, 0u);
    for (uint at = gl_WorkGroupID.x * 256u + me; at < vectors; at += stride * 4u) {
        uvec4 vs[4]; // four loads in flight
        [[unroll]] for (uint j = 0u; j < 4u; j++) {
            vs[j] = keys[min(at + j * stride, vectors - 1u)]; // the last again: no harm
        }
        [[unroll]] for (uint j = 0u; j < 4u; j++) {
            uvec4 v = vs[j];
            uint n = push.count - min(at + j * stride, vectors - 1u) * width;
            if (WIDE != 0u) {
                v.zw = n > 1u ? v.zw : v.xy;
                sum = both(sum, uvec4(v.xy, v.xy));
                sum = both(sum, uvec4(v.zw, v.zw));
            } else {
                v.y = n > 1u ? v.y : v.x;
                v.z = n > 2u ? v.z : v.x;
                v.w = n > 3u ? v.w : v.x;
                sum = both(sum, uvec4(v.x & v.y & v.z & v.w, 0u, v.x | v.y | v.z | v.w, 0u));
            }
        }
    }
    folded[me] = sum;
    barrier();
    for (uint half_threads = 128u; half_threads > 0u; half_threads >>= 1) {
        if (me < half_threads) {
            folded[me] = both(folded[me], folded[me + half_threads]);
        }
        barrier();
    }
    if (me == 0u) {
        sum = folded[0];
        atomicAnd(bits[0], sum.x);
        atomicAnd(bits[1], sum.y);
        atomicOr(bits[2], sum.z);
        atomicOr(bits[3], sum.w);
    }
}
