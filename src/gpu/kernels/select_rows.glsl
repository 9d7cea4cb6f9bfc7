// select_rows.glsl - which rows of a morsel pass: a bitmap. See select.glsl.
//
// A workgroup takes a stripe of 8,192 rows, a thread a row and 32 rounds. SUBGROUPS: a ballot is a
// piece of a word, or a word, or two.
#extension GL_GOOGLE_include_directive : require
#if SUBGROUPS
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_ballot : require
#endif
#define COLUMNS 24
#include "select.glsl"

layout(set = 0, binding = 1, std430) buffer Control { uint error; };
layout(set = 0, binding = 2, std430) writeonly buffer Bits { uint bits[]; };

shared uint words[256];

void mark(const uint place, const bool hit) {
#if SUBGROUPS
    uvec4 all = subgroupBallot(hit);
    if (gl_SubgroupInvocationID == 0u) {
        if (all.x != 0u) {
            atomicOr(words[place >> 5], all.x << (place & 31u));
        }
        if (all.y != 0u) {
            atomicOr(words[(place >> 5) + 1u], all.y);
        }
    }
#else
    if (hit) {
        atomicOr(words[place >> 5], 1u << (place & 31u));
    }
#endif
}

void main() {
#if SUBGROUPS
    uint me = gl_SubgroupID * gl_SubgroupSize + gl_SubgroupInvocationID;
#else
    uint me = gl_LocalInvocationID.x;
#endif
    uint stripe = group_number();
    uint first = stripe * 8192u;
    uint failed = 0u;
    if (first >= push.rows) {
        return;
    }
    words[me] = 0u;
    barrier();
    if (push.rows - first >= 8192u) { // a whole stripe: four rows' loads in flight
        for (uint i = 0u; i < 32u; i += 4u) {
            bool hits[4];
            [[unroll]] for (uint j = 0u; j < 4u; j++) {
                uint row = first + (i + j) * 256u + me;
                q_row(row, row >> 16);
                failed |= q_error;
                hits[j] = (q_valid & PASSES) != 0u;
            }
            [[unroll]] for (uint j = 0u; j < 4u; j++) {
                mark((i + j) * 256u + me, hits[j]);
            }
        }
    } else {
        for (uint i = 0u; i < 32u; i++) {
            uint row = first + i * 256u + me;
            bool hit = false;
            if (row < push.rows) {
                q_row(row, row >> 16);
                failed |= q_error;
                hit = (q_valid & PASSES) != 0u;
            }
            mark(i * 256u + me, hit);
        }
    }
    barrier();
    bits[stripe * 256u + me] = words[me];
    if (failed != 0u) {
        atomicOr(error, failed);
    }
}
