// join_part.glsl - a workgroup joins one part of both sides through a table in shared memory. See
// join.glsl; `numbers` of NULL keys have their top bit set.
//
// The hash is a bijection of 32-bit keys, so equal hashes are equal keys; 64-bit keys are compared
// in full.
#include "join.glsl"

#define SLOTS 4096u
#define PART_ROWS 2048u

layout(set = 0, binding = 0, std430) readonly buffer BuildHashes { uint build_hashes[]; };
layout(set = 0, binding = 1, std430) readonly buffer BuildNumbers { uint build_numbers[]; };
layout(set = 0, binding = 2, std430) readonly buffer BuildBounds { uint build_bounds[]; };
layout(set = 0, binding = 3, std430) buffer State {
    uint flags;
    uint unused_word;
    uint total_low;
    uint total_high;
};
layout(set = 0, binding = 4, std430) readonly buffer ProbeHashes { uint probe_hashes[]; };
layout(set = 0, binding = 5, std430) readonly buffer ProbeNumbers { uint probe_numbers[]; };
layout(set = 0, binding = 6, std430) readonly buffer ProbeBounds { uint probe_bounds[]; };
layout(set = 0, binding = 7, std430) writeonly buffer Found { uint found[]; };
layout(set = 0, binding = 8, std430) writeonly buffer Counts { uint counts[]; };
layout(set = 0, binding = 9, std430) readonly buffer BuildKeys { KEY build_keys[]; };
layout(set = 0, binding = 10, std430) readonly buffer ProbeKeys { KEY probe_keys[]; };

shared uint slots[SLOTS]; // place in the part + 1

uint slot_of(uint h) {
    return mixed(h ^ 0x5bd1e995u) & (SLOTS - 1u);
}

uint insert(uint start, uint place) {
    uint h = build_hashes[start + place], slot = slot_of(h);
    uint number = build_numbers[start + place];
    if ((number & 0x80000000u) != 0u) {
        return 0u;
    }
    for (;;) { // at most half of the slots are taken
        uint old = atomicCompSwap(slots[slot], 0u, place + 1u);
        if (old == 0u) {
            return 0u;
        }
#if WIDE
        if (build_keys[build_numbers[start + old - 1u]] == build_keys[number]) {
            return FLAG_DUPLICATES;
        }
#else
        if (build_hashes[start + old - 1u] == h) {
            return FLAG_DUPLICATES;
        }
#endif
        slot = (slot + 1u) & (SLOTS - 1u);
    }
    return 0u;
}

uint find(uint start, uint h, uint number) {
    uint slot = slot_of(h);
    if ((number & 0x80000000u) != 0u) {
        return NONE;
    }
    while (slots[slot] != 0u) {
        uint at = start + slots[slot] - 1u;
        if (build_hashes[at] == h) {
#if WIDE
            if (build_keys[build_numbers[at]] == probe_keys[number]) {
                return build_numbers[at];
            }
#else
            return build_numbers[at];
#endif
        }
        slot = (slot + 1u) & (SLOTS - 1u);
    }
    return NONE;
}

uint output_rows(uint id) {
    bool hit = id != NONE;
    return KIND == KIND_LEFT ? 1u : (hit == (KIND != KIND_ANTI)) ? 1u : 0u;
}

void main() {
    uint me = gl_LocalInvocationID.x, part = group_number(), raised = 0u, sum = 0u;
    uint start, rows, place, old;
    if (part >= uint(push.range)) {
        return;
    }
    start = build_bounds[part];
    rows = build_bounds[part + 1u] - start;
    if (rows > PART_ROWS) {
        atomicOr(flags, FLAG_FULL);
        return;
    }
    for (place = me; place < SLOTS; place += 256u) {
        slots[place] = 0u;
    }
    barrier();
    for (place = me; place < rows; place += 256u) {
        raised |= insert(start, place);
    }
    barrier();
    for (place = probe_bounds[part] + me; place < probe_bounds[part + 1u]; place += 256u) {
        uint number = probe_numbers[place], id = find(start, probe_hashes[place], number);
        uint row = number & 0x7fffffffu, count = output_rows(id);
        found[row] = id;
        counts[row] = count;
        sum += count;
    }
    if (KIND == KIND_SEMI || KIND == KIND_ANTI) {
        raised &= ~FLAG_DUPLICATES;
    }
    if (raised != 0u) {
        atomicOr(flags, raised);
    }
    barrier();
    slots[me] = sum;
    barrier();
    for (uint half_threads = 128u; half_threads > 0u; half_threads >>= 1) {
        if (me < half_threads) {
            slots[me] += slots[me + half_threads];
        }
        barrier();
    }
    if (me == 0u && slots[0] != 0u) { // below 2^30, as every row makes one at most
        old = atomicAdd(total_low, slots[0]);
        if (old + slots[0] < old) {
            atomicAdd(total_high, 1u);
        }
    }
}
