#version 450
// join_write.comp - the pairs of a join, in the order of probe rows, then of build rows.
//
// A workgroup has 256 probe rows, whose output is one stretch; its threads share the stretch out
// and find the row of each place among the 256, so that one row with many partners keeps all busy.
// See join.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 0
#include "join.glsl"

layout(set = 0, binding = 0, std430) readonly buffer Found { uint found[]; };
layout(set = 0, binding = 1, std430) readonly buffer Offsets { uint offsets[]; };
layout(set = 0, binding = 2, std430) readonly buffer State {
    uint flags;
    uint unused_word;
    uint total_low;
    uint total_high;
};
layout(set = 0, binding = 3, std430) readonly buffer Starts { uint starts[]; };
layout(set = 0, binding = 4, std430) readonly buffer Order { uint order[]; };
layout(set = 0, binding = 5, std430) writeonly buffer Probe { uint probe_rows[]; };
layout(set = 0, binding = 6, std430) writeonly buffer Build { uint build_rows[]; };

shared uint first[256];

uint build_row(uint id, uint number) {
    if (RUNS != 0u && id != NONE) {
        return order[starts[id] + number];
    }
    return id;
}

void main() {
    uint me = gl_LocalInvocationID.x;
    uint base = group_number() * 256u, row = base + me;
    uint capacity = push.mask, end;
    if (base >= push.rows || total_high != 0u || flags != 0u) {
        return;
    }
    end = base + 256u < push.rows ? offsets[base + 256u] : total_low;
    first[me] = row < push.rows ? offsets[row] : end;
    barrier();
    end = min(end, capacity);
    for (uint place = first[0] + me; place < end; place += 256u) {
        uint at = 0u; // the last row that starts at or before the place
        for (uint step = 128u; step > 0u; step >>= 1) {
            at += first[at + step] <= place ? step : 0u;
        }
        probe_rows[place] = base + at;
        if (KIND == KIND_INNER || KIND == KIND_LEFT) {
            build_rows[place] = build_row(found[base + at], place - first[at]);
        }
    }
}
