#version 450
// compact_rows.comp - the numbers of the rows whose bit is set, in order.
//
// A workgroup takes a stripe of 8,192 rows: 256 words of the bitmap. upto[] holds, per stripe, the
// rows selected up to its end. A thread a row and 32 rows a round: neighbours that are
// selected write neighbouring words.
layout(local_size_x = 256) in;
layout(set = 0, binding = 0, std430) readonly buffer Bits { uint bits[]; };
layout(set = 0, binding = 1, std430) readonly buffer Upto { uint upto[]; };
layout(set = 0, binding = 2, std430) writeonly buffer Out { uint rows[]; };
layout(push_constant, std430) uniform Push {
    uint stripes;
    uint first; // added to every row
    uint at;    // where the first row goes
    uint room;  // rows that fit from there; others are left out
} push;

shared uint words[256];
shared uint before[256];

void main() {
    uint me = gl_LocalInvocationID.x;
    uint stripe = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    if (stripe >= push.stripes) {
        return;
    }
    uint start = stripe == 0u ? 0u : upto[stripe - 1u];
    if (upto[stripe] == start || start >= push.room) {
        return;
    }
    uint word = bits[stripe * 256u + me];
    uint mine = uint(bitCount(word));
    uint sum = mine;
    words[me] = word;
    before[me] = sum;
    barrier();
    for (uint distance = 1u; distance < 256u; distance <<= 1) {
        uint earlier = me >= distance ? before[me - distance] : 0u;
        barrier();
        sum += earlier;
        before[me] = sum;
        barrier();
    }
    before[me] = start + sum - mine;
    barrier();
    uint bit = me & 31u;
    for (uint i = 0u; i < 32u; i++) {
        uint w = i * 8u + (me >> 5);
        word = words[w];
        uint to = before[w] + uint(bitCount(word & ((1u << bit) - 1u)));
        if ((word >> bit & 1u) != 0u && to < push.room) {
            rows[push.at + to] = push.first + stripe * 8192u + w * 32u + bit;
        }
    }
}
