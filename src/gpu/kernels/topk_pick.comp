#version 450
// topk_pick.comp - the digit that holds the k-th key; one workgroup. See topk.glsl.
#extension GL_GOOGLE_include_directive : require
#include "topk.glsl"

layout(local_size_x = 256) in;
layout(set = 0, binding = 0, std430) buffer Shared { State state; };
layout(set = 0, binding = 1, std430) buffer Counts { uint counts[256]; };

shared uint folded[256];

void main() {
    uint me = gl_LocalInvocationID.x;
    uint left = state.left;
    if (state.done != 0u) {
        return;
    }
    uint mine = counts[me];
    uint sum = mine;
    counts[me] = 0u; // for the next round
    folded[me] = sum;
    barrier();
    for (uint distance = 1u; distance < 256u; distance <<= 1) {
        uint earlier = me >= distance ? folded[me - distance] : 0u;
        barrier();
        sum += earlier;
        folded[me] = sum;
        barrier();
    }
    if (sum >= left && sum - mine < left) { // one thread
        uint word = push.shift >> 5;
        state.prefix[word] |= me << (push.shift & 31u);
        state.known[word] |= 255u << (push.shift & 31u);
        state.left = left - (sum - mine);
        state.sharing = mine;
        state.done = mine <= push.enough ? 1u : 0u;
    }
}
