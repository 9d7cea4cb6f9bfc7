#version 450
// radix_count.comp - the digits of a part of the keys, counted. See radix.glsl.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "radix.glsl"

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint WIDE = 0u; // 64-bit keys
layout(set = 0, binding = 0, std430) readonly buffer In { uvec4 keys[]; };
layout(set = 0, binding = 1, std430) writeonly buffer Counts { uint counts[]; };

#define COPIES 4u // of the counters: neighbouring subgroups do not meet
shared uint counted[COPIES * DIGITS];

// Equal digits of one vector are added at once: sorted and constant keys would queue up.
void add(const uint copy, const uvec4 d, const uint n) {
    uint run = 1u;
    [[unroll]] for (uint i = 0u; i < 4u; i++) {
        if (i < n) {
            if (i + 1u < n && d[i] == d[(i + 1u) & 3u]) {
                run++;
            } else {
                atomicAdd(counted[copy + d[i]], run);
                run = 1u;
            }
        }
    }
}

void main() {
    uint me = gl_LocalInvocationID.x;
    uint part = group_number();
    uint copy = (me >> 5 & COPIES - 1u) * DIGITS;
    if (part >= push.part_count) {
        return;
    }
    for (uint i = me; i < COPIES * DIGITS; i += 256u) {
        counted[i] = 0u;
    }
    barrier();
    uint first = part * push.part_keys;
    uint end = min(push.count - first, push.part_keys) + first;
    uint width = WIDE != 0u ? 2u : 4u; // keys of a vector
    for (uint at = first + me * width; at < end; at += 1024u * width) {
        uvec4 v[4]; // four loads in flight
        [[unroll]] for (uint j = 0u; j < 4u; j++) {
            uint k = at + j * 256u * width;
            v[j] = k < end ? keys[k / width] : uvec4(0u);
        }
        [[unroll]] for (uint j = 0u; j < 4u; j++) {
            uint k = at + j * 256u * width;
            if (WIDE != 0u) {
                v[j].xy = push.shift < 32u ? v[j].xz : v[j].yw;
            }
            add(copy, v[j] >> (push.shift & 31u) & 255u, k < end ? min(end - k, width) : 0u);
        }
    }
    barrier();
    uint sum = 0u;
    for (uint i = 0u; i < COPIES; i++) {
        sum += counted[i * DIGITS + me];
    }
    counts[me * push.part_count + part] = sum;
}
