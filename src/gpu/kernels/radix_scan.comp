#version 450
// radix_scan.comp - a digit's counts become what stands before each part. See radix.glsl.
#extension GL_GOOGLE_include_directive : require
#include "radix.glsl"

layout(local_size_x = 256) in;
layout(set = 0, binding = 0, std430) buffer Counts { uint counts[]; };
layout(set = 0, binding = 1, std430) writeonly buffer Totals { uint totals[]; };

shared uint folded[256];

void main() {
    uint me = gl_LocalInvocationID.x;
    uint digit = group_number();
    uint each = (push.part_count + 255u) / 256u; // neighbouring parts of a thread
    if (digit >= DIGITS) {
        return;
    }
    uint first = digit * push.part_count + min(me * each, push.part_count);
    uint end = digit * push.part_count + min((me + 1u) * each, push.part_count);
    uint mine = 0u;
    for (uint i = first; i < end; i++) {
        mine += counts[i];
    }
    folded[me] = mine;
    barrier();
    uint upto = mine;
    for (uint distance = 1u; distance < 256u; distance <<= 1) {
        uint before = me >= distance ? folded[me - distance] : 0u;
        barrier();
        upto += before;
        folded[me] = upto;
        barrier();
    }
    uint sum = upto - mine;
    for (uint i = first; i < end; i++) {
        uint n = counts[i];
        counts[i] = sum;
        sum += n;
    }
    if (me == 255u) {
        totals[digit] = upto;
    }
}
