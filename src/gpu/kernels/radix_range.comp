#version 450
// radix_range.comp - the smallest and the largest of 64-bit keys that are not NULL, a pair a
// workgroup. Without any: a smallest that is larger than the largest.
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint NULLABLE = 0u;
layout(set = 0, binding = 0, std430) readonly buffer Keys { uvec2 keys[]; };
layout(set = 0, binding = 1, std430) readonly buffer Nulls { uint nulls[]; };
layout(set = 0, binding = 2, std430) writeonly buffer Out { uvec4 ranges[]; };
layout(push_constant, std430) uniform Push {
    uint count;
    uint at;     // of the first key
    uint number; // of the key: its bit in nulls[]
    uint place;  // of this key's first pair
} push;

shared uvec4 folded[256];

bool less(const uvec2 a, const uvec2 b) {
    return a.y < b.y || (a.y == b.y && a.x < b.x);
}

uvec4 both(const uvec4 a, const uvec4 b) {
    return uvec4(less(a.xy, b.xy) ? a.xy : b.xy, less(a.zw, b.zw) ? b.zw : a.zw);
}

void main() {
    uint me = gl_LocalInvocationID.x;
    uint stride = gl_NumWorkGroups.x * 256u;
    uvec4 sum = uvec4(~0u, ~0u, 0u, 0u);
    for (uint i = gl_WorkGroupID.x * 256u + me; i < push.count; i += stride * 4u) {
        uvec2 key[4]; // four loads in flight
        bool absent[4];
        [[unroll]] for (uint j = 0u; j < 4u; j++) {
            uint k = min(i + j * stride, push.count - 1u); // the last again: no harm
            key[j] = keys[push.at + k];
            absent[j] = NULLABLE != 0u && (nulls[k] >> push.number & 1u) != 0u;
        }
        [[unroll]] for (uint j = 0u; j < 4u; j++) {
            if (!absent[j]) {
                sum = both(sum, uvec4(key[j], key[j]));
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
        ranges[push.place + gl_WorkGroupID.x] = folded[0];
    }
}
