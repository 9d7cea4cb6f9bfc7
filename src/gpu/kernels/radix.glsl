// radix.glsl - what the kernels of the radix sort share.
//
// One pass of an LSD radix sort sorts by 8 bits, keeping the order of equal digits:
//   radix_count    every workgroup counts the digits of its part of the keys
//   radix_scan     a workgroup a digit: counts become what stands before, digit by digit
//   radix_scatter  every workgroup ranks the keys of its part, tile by tile, and moves them
// A part is a multiple of a tile, so that scatter meets the keys that count counted. counts[] is
// [digit][part], totals[] is [digit].
#define DIGITS 256u

layout(push_constant, std430) uniform Push {
    uint count;      // keys
    uint part_keys;  // of a part
    uint part_count;
    uint shift;      // the digit's lowest bit
    uint rows;       // scatter: the payload is the key's number, nothing is read
} push;

uint group_number() {
    return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
}
