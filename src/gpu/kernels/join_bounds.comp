#version 450
// join_bounds.comp - where each part begins among hashes that are sorted by their top bits: the
// first place whose hash >> mask is not below the part's number. push.range: parts.
#extension GL_GOOGLE_include_directive : require
#define WIDE 0
#include "join.glsl"

layout(set = 0, binding = 0, std430) readonly buffer Hashes { uint hashes[]; };
layout(set = 0, binding = 1, std430) writeonly buffer Bounds { uint bounds[]; };

void main() {
    uint part = group_number() * 256u + gl_LocalInvocationID.x, low = 0u, high = push.rows;
    if (part > uint(push.range)) {
        return;
    }
    while (low < high) {
        uint middle = low + (high - low) / 2u;
        if (hashes[middle] >> push.mask < part) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    bounds[part] = low;
}
