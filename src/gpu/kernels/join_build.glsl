// join_build.glsl - the build side's keys into the table. See join.glsl.
//
// Without RUNS every valid row is inserted; a key that is there already raises FLAG_DUPLICATES
// where rows of equal keys matter. With RUNS the keys are sorted, run[i] is 1 + the number of the
// run that key i belongs to, and the first of each run inserts it and notes where it starts.
#include "join.glsl"

layout(set = 0, binding = 0, std430) readonly buffer Keys { KEY keys[]; };
layout(set = 0, binding = 1, std430) readonly buffer Validity { uint valid[]; };
layout(set = 0, binding = 2, std430) buffer Table { uint table[]; };
layout(set = 0, binding = 3, std430) buffer State {
    uint flags;
    uint unused_word;
    uint total_low;
    uint total_high;
};
layout(set = 0, binding = 4, std430) readonly buffer Run { uint run[]; };
layout(set = 0, binding = 5, std430) writeonly buffer Starts { uint starts[]; };

uint insert_dense(KEY key, uint id) {
    uint place = dense_place(key);
    if (place == NONE) { // the caller's bounds were wrong
        return FLAG_FULL;
    }
    return atomicCompSwap(table[place], 0u, id + 1u) == 0u ? 0u : FLAG_DUPLICATES;
}

uint insert_hashed(KEY key, uint id) {
    uint slot = hash(key) & push.mask;
    for (uint tries = 0u; tries < PROBES; tries++) {
        uint old = atomicCompSwap(table[slot * 2u], 0u, id + 1u);
        if (old == 0u) {
            table[slot * 2u + 1u] = low_word(key);
            return 0u;
        }
        if (RUNS == 0u && keys[old - 1u] == key) {
            return FLAG_DUPLICATES;
        }
        slot = (slot + 1u) & push.mask;
    }
    return FLAG_FULL;
}

void main() {
    uint raised = 0u;
    for (uint row = group_number() * 256u + gl_LocalInvocationID.x; row < push.rows;
         row += group_count() * 256u) {
        bool in_table = VALIDITY == 0u || (valid[row >> 5] >> (row & 31u) & 1u) != 0u;
        uint id = row;
        if (RUNS != 0u) {
            id = run[row] - 1u;
            in_table = row == 0u || run[row - 1u] != run[row];
            if (in_table) {
                starts[id] = row;
            }
            if (row + 1u == push.rows) {
                starts[id + 1u] = push.rows;
            }
        }
        if (in_table) {
            KEY key = keys[row];
            raised |= HASHED != 0u ? insert_hashed(key, id) : insert_dense(key, id);
        }
    }
    if (KIND == KIND_SEMI || KIND == KIND_ANTI) {
        raised &= ~FLAG_DUPLICATES;
    }
    if (raised != 0u) {
        atomicOr(flags, raised);
    }
}
