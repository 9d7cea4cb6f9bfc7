// join_lookup.glsl - for every probe row the id of its key, or NONE, and how many rows of output it
// makes; their sum over all rows in 64 bits. See join.glsl.
#include "join.glsl"

layout(set = 0, binding = 0, std430) readonly buffer Keys { KEY keys[]; };
layout(set = 0, binding = 1, std430) readonly buffer Validity { uint valid[]; };
layout(set = 0, binding = 2, std430) readonly buffer Table { uint table[]; };
layout(set = 0, binding = 3, std430) buffer State {
    uint flags;
    uint unused_word;
    uint total_low;
    uint total_high;
};
layout(set = 0, binding = 4, std430) readonly buffer Build { KEY build_keys[]; };
layout(set = 0, binding = 5, std430) readonly buffer Starts { uint starts[]; };
layout(set = 0, binding = 6, std430) writeonly buffer Found { uint found[]; };
layout(set = 0, binding = 7, std430) writeonly buffer Counts { uint counts[]; };

uint find_hashed(KEY key) {
    uint slot = hash(key) & push.mask, low = low_word(key);
    for (uint tries = 0u; tries < PROBES; tries++) {
        uint id = table[slot * 2u];
        if (id == 0u) {
            return NONE;
        }
        if (table[slot * 2u + 1u] == low) {
#if WIDE
            if (build_keys[RUNS != 0u ? starts[id - 1u] : id - 1u] == key) {
                return id - 1u;
            }
#else
            return id - 1u;
#endif
        }
        slot = (slot + 1u) & push.mask;
    }
    return NONE;
}

uint find(KEY key) {
    uint place;
    if (HASHED != 0u) {
        return find_hashed(key);
    }
    place = dense_place(key);
    return place == NONE ? NONE : table[place] - 1u; // 0 - 1 is NONE
}

uint output_rows(uint id) {
    if (KIND == KIND_SEMI) {
        return id != NONE ? 1u : 0u;
    }
    if (KIND == KIND_ANTI) {
        return id != NONE ? 0u : 1u;
    }
    if (id == NONE) {
        return KIND == KIND_LEFT ? 1u : 0u;
    }
    return RUNS != 0u ? starts[id + 1u] - starts[id] : 1u;
}

shared uint64_t sums[256];

void main() {
    uint me = gl_LocalInvocationID.x;
    uint64_t sum = uint64_t(0);
    for (uint row = group_number() * 256u + me; row < push.rows; row += group_count() * 256u) {
        bool is_valid = VALIDITY == 0u || (valid[row >> 5] >> (row & 31u) & 1u) != 0u;
        uint id = is_valid ? find(keys[row]) : NONE;
        uint count = output_rows(id);
        found[row] = id;
        counts[row] = count;
        sum += uint64_t(count);
    }
    sums[me] = sum;
    barrier();
    for (uint half_threads = 128u; half_threads > 0u; half_threads >>= 1) {
        if (me < half_threads) {
            sums[me] += sums[me + half_threads];
        }
        barrier();
    }
    if (me == 0u) {
        uvec2 words = unpackUint2x32(sums[0]);
        uint old = atomicAdd(total_low, words.x);
        atomicAdd(total_high, words.y + (old + words.x < old ? 1u : 0u));
    }
}
