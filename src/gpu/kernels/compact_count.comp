#version 450
// compact_count.comp - the bits set in each stripe of 8,192 rows of a bitmap.
layout(local_size_x = 256) in;
layout(set = 0, binding = 0, std430) readonly buffer Bits { uint bits[]; };
layout(set = 0, binding = 1, std430) writeonly buffer Counts { uint counts[]; };
layout(push_constant, std430) uniform Push {
    uint words; // of the bitmap; the bits past its last row are 0
} push;

shared uint folded[256];

void main() {
    uint me = gl_LocalInvocationID.x;
    uint stripe = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    uint at = stripe * 256u + me;
    if (stripe * 256u >= push.words) {
        return;
    }
    folded[me] = at < push.words ? uint(bitCount(bits[at])) : 0u;
    barrier();
    for (uint half_threads = 128u; half_threads > 0u; half_threads >>= 1) {
        if (me < half_threads) {
            folded[me] += folded[me + half_threads];
        }
        barrier();
    }
    if (me == 0u) {
        counts[stripe] = folded[0];
    }
}
