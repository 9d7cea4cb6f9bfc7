#version 450
// group_finish.comp - from a table of groups to arrays of results; see group.glsl for the rows.
//
//     SETUP   words of the control block come with the push constants
//     REBASE  float sums move to a window that begins at a higher grid
//     PARTS   one workgroup: rows of partitions to where each begins
//     COUNT   groups in each tile of 1,024 rows
//     SCAN    one workgroup: counts of tiles to where each tile's groups go
//     EMIT    tables by index: results, compact and in order
//     PAIRS   hash tables: keys and rows of the groups, to be sorted
//     GATHER  results in the order of the sorted pairs
//
// Results are arrays of 64-bit words, each `n` groups long: keys, rows, then for each slot its
// counts if it has its own, and its sums (two words), bounds (one) or float sums (four).
#extension GL_GOOGLE_include_directive : require
#include "group.glsl"

#define STEP_SETUP 0u
#define STEP_REBASE 1u
#define STEP_COUNT 2u
#define STEP_SCAN 3u
#define STEP_EMIT 4u
#define STEP_PAIRS 5u
#define STEP_GATHER 6u
#define STEP_PARTS 7u

#define PHYSICAL_F32 10u
#define PHYSICAL_F64 11u

layout(constant_id = 21) const uint STEP = STEP_COUNT;
layout(constant_id = 22) const uint PHYSICALS = 0u; // four bits a slot
layout(local_size_x = 256) in;

layout(set = 0, binding = 0, std430) buffer Table { uint t32[]; };
layout(set = 0, binding = 0, std430) buffer Table64 { uint64_t t64[]; };
layout(set = 0, binding = 1, std430) buffer Control { CONTROL_MEMBERS } control;
layout(set = 0, binding = 1, std430) buffer ControlWords { uint control_words[]; };
layout(set = 0, binding = 2, std430) buffer Tiles { uint tiles[]; };
layout(set = 0, binding = 3, std430) writeonly buffer Out { uint64_t results[]; };
layout(set = 0, binding = 4, std430) buffer PairKeys { uint64_t pair_keys[]; };
layout(set = 0, binding = 5, std430) buffer PairRows { uint pair_rows[]; };

layout(push_constant, std430) uniform Push {
    uint rows; // of the table; SETUP: the first word
    uint n;    // groups an array has room for; SETUP: words
    uint words[30];
} push;

shared uint fold[256];

// fold becomes the sum of it up to and with each lane.
void scan_fold(const uint me) {
    barrier();
    for (uint by = 1u; by < 256u; by <<= 1) {
        uint before = me >= by ? fold[me - by] : 0u;
        barrier();
        fold[me] += before;
        barrier();
    }
}

bool is_used(const uint row) {
    return row < push.rows && t32[row * STRIDE + KEY_WORDS] != 0u;
}

uint64_t key_at(const uint row) {
    uint at = row * STRIDE;
    if (KEY_WORDS == 0u) {
        return uint64_t(row);
    }
    return key_of_parts(t32[at], KEY_WORDS > 1u ? t32[at + 1u] : 1u,
                        KEY_WORDS > 2u ? t32[at + 2u] : 1u);
}

// The value's bits of a key of MIN and MAX, as a signed or unsigned 64-bit number or a float.
uint64_t value_of(const uint64_t key, const uint place, const uint physical) {
    const uint64_t top = uint64_t(1) << 63;
    uint64_t k = key ^ top;
    if (physical == PHYSICAL_F64) {
        return k == ~top ? uint64_t(0x7ff80000u) << 32 : (k & top) != uint64_t(0) ? k ^ ~top : k;
    }
    if (physical == PHYSICAL_F32) {
        uint word = uint(k);
        return uint64_t(word == 0x7fffffffu ? 0x7fc00000u
                        : (word >> 31) != 0u ? word ^ 0x7fffffffu
                                             : word);
    }
    return IS_SIGNED(place) ? k : key;
}

uint64_t bound_of(const uint kind, const uint place, const uint row, const uint physical) {
    uint64_t key;
    if (IS_NARROW(place)) {
        uint word = t32[row + WORD_AT(place)];
        word = kind == KIND_MIN ? ~word : word;
        key = uint64_t(word);
        if (IS_SIGNED(place)) { // keys of signed values begin at 2^63
            key = uint64_t(int64_t(int(word ^ 0x80000000u))) ^ uint64_t(1) << 63;
        }
    } else {
        key = t64[row + PAIR_AT(place) >> 1];
        key = kind == KIND_MIN ? ~key : key;
    }
    return value_of(key, place, physical);
}

// A float sum on the grid of its own group: see tni_float_state.
void put_real(const uint place, const uint s, const uint row, const uint at) {
    uint code = t32[row + WORD_AT(place)], flags = t32[row + WORD_AT(place) + 1u];
    uint grid = code >> 1, first = control.grids[s] - grid;
    for (uint j = 0u; j < 3u; j++) {
        uint64_t limb = uint64_t(0);
        if ((code & 1u) != 0u && first + j < POSITIONS) {
            limb = t64[(row + PAIR_AT(place) >> 1) + first + j];
        }
        results[at + j] = limb;
    }
    results[at + 3u] = packUint2x32(uvec2(flags, grid));
    if ((code & 1u) != 0u && first + 2u >= POSITIONS) {
        control.lost = 1u;
    }
}

void put_slot(const uint kind, const uint place, const uint s, const uint row, const uint i,
              inout uint unit) {
    uint at;
    if (kind == KIND_NONE) {
        return;
    }
    if (IS_COUNTED(place)) {
        results[unit * push.n + i] = uint64_t(t32[row + COUNT_AT(place)]);
        unit += 1u;
    }
    if (kind == KIND_SUM_SMALL || kind == KIND_SUM_I64 || kind == KIND_SUM_U64) {
        uint64_t low = t64[row + PAIR_AT(place) >> 1];
        int64_t high = kind == KIND_SUM_SMALL ? int64_t(low) >> 63
                                              : int64_t(int(t32[row + WORD_AT(place)]));
        at = unit * push.n + i * 2u;
        results[at] = low;
        results[at + 1u] = uint64_t(high);
        unit += 2u;
    } else if (kind == KIND_MIN || kind == KIND_MAX) {
        results[unit * push.n + i] =
            bound_of(kind, place, row, PHYSICALS >> (s * 4u) & 15u);
        unit += 1u;
    } else if (kind == KIND_SUM_F64) {
        put_real(place, s, row, unit * push.n + i * 4u);
        unit += 4u;
    }
}

#define PUT_SLOT(s) put_slot(KIND##s, PLACE##s, s, at, i, unit);

void put_group(const uint row, const uint i) {
    uint at = row * STRIDE, unit = 2u;
    if (i >= push.n) {
        return;
    }
    results[i] = key_at(row);
    results[push.n + i] = uint64_t(t32[at + KEY_WORDS]);
    ALL(PUT_SLOT)
}

void count_tile(const uint group, const uint me) {
    uint count = 0u;
    for (uint j = 0u; j < 4u; j++) {
        count += is_used(group * 1024u + j * 256u + me) ? 1u : 0u;
    }
    fold[me] = count;
    scan_fold(me);
    if (me == 255u) {
        tiles[group] = fold[255];
    }
}

void scan_tiles(const uint me) {
    uint count = (push.rows + 1023u) / 1024u, before = 0u;
    for (uint first = 0u; first < count; first += 256u) {
        uint own = first + me < count ? tiles[first + me] : 0u;
        fold[me] = own;
        scan_fold(me);
        if (first + me < count) {
            tiles[first + me] = before + fold[me] - own;
        }
        before += fold[255];
        barrier();
    }
    if (me == 0u) {
        control.groups = before;
    }
}

void scan_parts(const uint me) {
    uint before = 0u;
    for (uint first = 0u; first < 1024u; first += 256u) {
        uint own = control.parts[first + me];
        fold[me] = own;
        scan_fold(me);
        control.parts[first + me] = before + fold[me] - own;
        before += fold[255];
        barrier();
    }
}

void emit_tile(const uint group, const uint me) {
    uint first = group * 1024u + me * 4u, count = 0u, i;
    for (uint j = 0u; j < 4u; j++) {
        count += is_used(first + j) ? 1u : 0u;
    }
    fold[me] = count;
    scan_fold(me);
    i = tiles[group] + fold[me] - count;
    for (uint j = 0u; j < 4u; j++) {
        if (is_used(first + j)) {
            if (STEP == STEP_EMIT) {
                put_group(first + j, i);
            } else {
                pair_keys[i] = key_at(first + j);
                pair_rows[i] = first + j;
            }
            i++;
        }
    }
}

void rebase(const uint kind, const uint place, const uint s, const uint row) {
    uint by = control.grids[s] - control.bases[s];
    uint at = row + PAIR_AT(place) >> 1;
    if (kind != KIND_SUM_F64 || control.bases[s] == 0u || by == 0u) {
        return;
    }
    for (uint j = POSITIONS; j-- > 0u;) {
        t64[at + j] = j >= by ? t64[at + j - by] : uint64_t(0);
    }
}

#define REBASE_SLOT(s) rebase(KIND##s, PLACE##s, s, at);

void main() {
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    uint me = gl_LocalInvocationID.x;
    uint number = group * 256u + me;
    if (STEP == STEP_SETUP) {
        if (number < push.n) {
            control_words[push.rows + number] = push.words[number];
        }
    } else if (STEP == STEP_REBASE) {
        if (number < push.rows) {
            uint at = number * STRIDE;
            ALL(REBASE_SLOT)
        }
    } else if (STEP == STEP_GATHER) {
        if (number < push.n) {
            put_group(pair_rows[number], number);
        }
    } else if (STEP == STEP_SCAN) {
        scan_tiles(me);
    } else if (STEP == STEP_PARTS) {
        scan_parts(me);
    } else if (group * 1024u < push.rows) {
        if (STEP == STEP_COUNT) {
            count_tile(group, me);
        } else {
            emit_tile(group, me);
        }
    }
}
