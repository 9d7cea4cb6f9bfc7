// radix_scatter.glsl - a part's keys go to their places, tile by tile. See radix.glsl.
//
// Ranking keeps the order of the tile. With subgroups, 8 or 16 of them hold a tile in stripes: key
// i of a lane lies i * lanes + lane into its subgroup's stretch. Eight ballots tell each lane who
// has its digit; a counter a subgroup and digit carries the rank from stripe to stripe. Without,
// the workgroup is one stripe wide and bits set in shared memory stand in for the ballots.
//
// Then the tile is put in order in shared memory and written from there, so that neighbouring
// threads write neighbouring places of the same digit. 64-bit keys and payloads take turns in
// the same words of shared memory.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#if SUBGROUPS
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_ballot : require
#endif
#include "radix.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 256u;
layout(constant_id = 1) const uint ITEMS = 16u;   // keys a thread
layout(constant_id = 2) const uint WIDE = 0u;     // 64-bit keys
layout(constant_id = 3) const uint PAYLOAD = 0u;  // 32 bits beside each key
layout(constant_id = 4) const uint POOL = 4096u;  // at least THREADS * ITEMS and GROUPS * DIGITS
layout(constant_id = 5) const uint WIDE_ITEMS = 1u; // ITEMS where keys are wide
layout(constant_id = 6) const uint GROUPS = 8u;   // subgroups; 8 without them
#define TILE (THREADS * ITEMS)

layout(set = 0, binding = 0, std430) readonly buffer In { uint w[]; } source;
layout(set = 0, binding = 0, std430) readonly buffer InPairs { uvec2 w[]; } source_pairs;
layout(set = 0, binding = 1, std430) writeonly buffer Out { uint w[]; } target;
layout(set = 0, binding = 1, std430) writeonly buffer OutPairs { uvec2 w[]; } target_pairs;
layout(set = 0, binding = 2, std430) readonly buffer InPayload { uint payload[]; };
layout(set = 0, binding = 3, std430) writeonly buffer OutPayload { uint payload_out[]; };
layout(set = 0, binding = 4, std430) readonly buffer Counts { uint counts[]; };
layout(set = 0, binding = 5, std430) readonly buffer Totals { uint totals[]; };

shared uint pool[POOL];      // counters [GROUPS][digit], then a tile's words in order
shared uint place[DIGITS];   // where the digit's next key of this part goes
shared uint start[DIGITS];   // of the digit within the tile
shared uint folded[DIGITS];

// Exclusive sums over the digits of folded[], in place.
void scan_digits(const uint me) {
    barrier();
    for (uint distance = 1u; distance < DIGITS; distance <<= 1) {
        uint before[4];
        [[unroll]] for (uint i = 0u; i < 4u; i++) { // at least 64 threads
            uint d = me + i * THREADS;
            before[i] = d < DIGITS && d >= distance ? folded[d - distance] : 0u;
        }
        barrier();
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            uint d = me + i * THREADS;
            if (d < DIGITS) {
                folded[d] += before[i];
            }
        }
        barrier();
    }
}

// Bits of a subgroup's (or of the workgroup's) lanes that have the same digit.
#if SUBGROUPS
uint rank(const uint me, const uint lanes, const uint digit) {
    uvec2 same = uvec2(0xffffffffu);
    [[unroll]] for (uint bit = 0u; bit < 8u; bit++) {
        bool mine = (digit >> bit & 1u) != 0u;
        uvec4 all = subgroupBallot(mine);
        same &= mine ? all.xy : ~all.xy;
    }
    if (lanes < 32u) {
        same.x &= (1u << lanes) - 1u;
    }
    uint lane = gl_SubgroupInvocationID;
    uvec2 lower = uvec2((1u << (lane & 31u)) - 1u, 0u);
    if (lanes > 32u) {
        lower = lane < 32u ? lower : uvec2(0xffffffffu, lower.x);
    } else {
        same.y = 0u;
    }
    uvec2 counted = uvec2(bitCount(same & lower));
    uint before = counted.x + counted.y;
    uint at = gl_SubgroupID * DIGITS + digit;
    uint earlier = pool[at];
    subgroupBarrier();
    if (before == 0u) {
        uvec2 n = uvec2(bitCount(same));
        pool[at] = earlier + n.x + n.y;
    }
    subgroupBarrier();
    return earlier + before;
}
#else
shared uint seen[DIGITS];
uint rank(const uint me, const uint lanes, const uint digit) {
    uint before = 0u, mine = me >> 5;
    atomicOr(pool[digit * 8u + mine], 1u << (me & 31u));
    barrier();
    for (uint i = 0u; i < mine; i++) {
        before += uint(bitCount(pool[digit * 8u + i]));
    }
    before += uint(bitCount(pool[digit * 8u + mine] & ((1u << (me & 31u)) - 1u)));
    before += seen[digit];
    barrier();
    uint n = 0u;
    for (uint i = 0u; i < 8u; i++) {
        n += uint(bitCount(pool[me * 8u + i]));
        pool[me * 8u + i] = 0u;
    }
    seen[me] += n;
    barrier();
    return before;
}
#endif

uint digit_of(const uint word) {
    return word >> (push.shift & 31u) & 255u;
}

void main() {
#if SUBGROUPS
    const uint lanes = THREADS / GROUPS;
    uint me = gl_SubgroupID * lanes + gl_SubgroupInvocationID;
    uint stretch = gl_SubgroupID * lanes * ITEMS + gl_SubgroupInvocationID;
#else
    const uint lanes = THREADS;
    uint me = gl_LocalInvocationID.x;
    uint stretch = me;
#endif
    uint part = group_number();
    bool high = WIDE != 0u && push.shift >= 32u;
    if (part >= push.part_count) {
        return;
    }
    for (uint d = me; d < DIGITS; d += THREADS) {
        folded[d] = totals[d];
    }
    scan_digits(me);
    for (uint d = me; d < DIGITS; d += THREADS) {
        place[d] = folded[d] - totals[d] + counts[d * push.part_count + part];
    }
    uint first = part * push.part_keys;
    uint end = min(push.count - first, push.part_keys) + first;
    for (; first < end; first += TILE) {
        uint n = min(end - first, TILE);
        uint key[ITEMS], other[WIDE_ITEMS], at[ITEMS];
        // keys past the end have the last digit and rank after all others: they are never written
        [[unroll]] for (uint i = 0u; i < ITEMS; i++) {
            uint k = stretch + i * lanes;
            key[i] = 0xffffffffu;
            if (WIDE == 0u) {
                if (k < n) {
                    key[i] = source.w[first + k];
                }
            } else if (k < n) {
                uvec2 pair = source_pairs.w[first + k];
                key[i] = high ? pair.y : pair.x;
                other[i % WIDE_ITEMS] = high ? pair.x : pair.y;
            }
        }
        for (uint i = me; i < GROUPS * DIGITS; i += THREADS) {
            pool[i] = 0u;
        }
#if !SUBGROUPS
        seen[me] = 0u;
#endif
        barrier();
        [[unroll]] for (uint i = 0u; i < ITEMS; i++) {
            at[i] = rank(me, lanes, digit_of(key[i]));
        }
        barrier();
        for (uint d = me; d < DIGITS; d += THREADS) {
#if SUBGROUPS
            uint sum = 0u;
            [[unroll]] for (uint s = 0u; s < GROUPS; s++) {
                uint c = pool[s * DIGITS + d];
                pool[s * DIGITS + d] = sum;
                sum += c;
            }
#else
            uint sum = seen[d];
#endif
            start[d] = sum;
            folded[d] = sum;
        }
        scan_digits(me);
        for (uint d = me; d < DIGITS; d += THREADS) {
            start[d] = folded[d] - start[d];
        }
        barrier();
        [[unroll]] for (uint i = 0u; i < ITEMS; i++) {
            uint d = digit_of(key[i]);
            at[i] += start[d];
#if SUBGROUPS
            at[i] += pool[gl_SubgroupID * DIGITS + d];
#endif
        }
        barrier();
        [[unroll]] for (uint i = 0u; i < ITEMS; i++) {
            pool[at[i]] = key[i];
        }
        barrier();
        uint to[ITEMS];
        [[unroll]] for (uint i = 0u; i < ITEMS; i++) {
            uint p = i * THREADS + me;
            uint word = pool[p];
            uint d = digit_of(word);
            to[i] = place[d] + p - start[d];
            if (WIDE == 0u) {
                if (p < n) {
                    target.w[to[i]] = word;
                }
            } else {
                key[i] = word;
            }
        }
        if (WIDE != 0u) {
            barrier();
            [[unroll]] for (uint i = 0u; i < ITEMS; i++) {
                pool[at[i]] = other[i % WIDE_ITEMS];
            }
            barrier();
            [[unroll]] for (uint i = 0u; i < ITEMS; i++) {
                uint p = i * THREADS + me;
                uint word = pool[p];
                if (p < n) {
                    target_pairs.w[to[i]] = high ? uvec2(word, key[i]) : uvec2(key[i], word);
                }
            }
        }
        if (PAYLOAD != 0u) {
            barrier();
            [[unroll]] for (uint i = 0u; i < ITEMS; i++) {
                uint k = stretch + i * lanes;
                uint row = first + k;
                if (push.rows == 0u && k < n) {
                    row = payload[row];
                }
                pool[at[i]] = row;
            }
            barrier();
            [[unroll]] for (uint i = 0u; i < ITEMS; i++) {
                uint p = i * THREADS + me;
                if (p < n) {
                    payload_out[to[i]] = pool[p];
                }
            }
        }
        barrier();
        for (uint d = me; d < DIGITS; d += THREADS) {
            uint next = folded[d]; // inclusive
            place[d] += next - start[d];
        }
    }
}
