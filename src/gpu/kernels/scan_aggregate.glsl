// scan_aggregate.glsl - the skeleton of ungrouped aggregation over a morsel of encoded columns.
//
// The library replaces q_row by code made from the query: it decodes the columns it needs, leaves
// bit s of q_valid set when the row passes the filter and the value of slot s is not NULL, and
// puts that value into q_value[s]. What happens to a slot is its KIND, a specialization constant.
//
// A block is 4,096 rows = 64 lanes x 64 rows, and a lane adds its rows in order: this is the fixed
// order of float sums on every backend. A workgroup holds four blocks at a time and strides over
// the morsel. Float sums leave one number per block; the rest, whose order does not matter, one
// {count, low, high} per workgroup and slot in use.
//
// WORDS: for devices without 64-bit integers. Values have 32 bits (KIND_SUM_SMALL signed ones,
// KIND_SUM_U64 unsigned ones, keys), and accumulators are pairs of words, the low one first.
#if !WORDS
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#endif
#extension GL_EXT_control_flow_attributes : require

#define SLOTS 8
#define COLUMNS 24

#define KIND_NONE 0u
#define KIND_COUNT 1u     // rows
#define KIND_SUM_SMALL 2u // values of at most 32 bits, sign-extended: low
#define KIND_SUM_I64 3u   // low += v & 0xffffffff, high += v >> 32: exact in two limbs
#define KIND_SUM_U64 4u
#define KIND_MIN 5u       // unsigned order-preserving keys: low
#define KIND_MAX 6u
#define KIND_SUM_F64 7u   // ordered block sums

#if WORDS
#define LONG uvec2
#define WORD uint
#define LONG_OF(v) uvec2(v, 0u)
#define SIGNED(v) uvec2(v, uint(int(v) >> 31))
#define PLUS(a, b) plus(a, b)
#define BELOW(a, b) below(a, b)
uvec2 plus(const uvec2 a, const uvec2 b) {
    uint low = a.x + b.x;
    return uvec2(low, a.y + b.y + (low < a.x ? 1u : 0u));
}
bool below(const uvec2 a, const uvec2 b) {
    return a.y < b.y || (a.y == b.y && a.x < b.x);
}
#else
#define LONG uint64_t
#define WORD uint64_t
#define LONG_OF(v) uint64_t(v)
#define SIGNED(v) (v)
#define PLUS(a, b) ((a) + (b))
#define BELOW(a, b) ((a) < (b))
#endif

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint KIND0 = KIND_COUNT;
layout(constant_id = 1) const uint KIND1 = KIND_NONE;
layout(constant_id = 2) const uint KIND2 = KIND_NONE;
layout(constant_id = 3) const uint KIND3 = KIND_NONE;
layout(constant_id = 4) const uint KIND4 = KIND_NONE;
layout(constant_id = 5) const uint KIND5 = KIND_NONE;
layout(constant_id = 6) const uint KIND6 = KIND_NONE;
layout(constant_id = 7) const uint KIND7 = KIND_NONE;

// slots in use are the first ones
const uint USED = KIND7 != KIND_NONE ? 8u : KIND6 != KIND_NONE ? 7u : KIND5 != KIND_NONE ? 6u :
                  KIND4 != KIND_NONE ? 5u : KIND3 != KIND_NONE ? 4u : KIND2 != KIND_NONE ? 3u :
                  KIND1 != KIND_NONE ? 2u : 1u;

layout(set = 0, binding = 0, std430) readonly buffer Words { uint w[]; } column[COLUMNS];
layout(set = 0, binding = 0, std430) readonly buffer Pairs { uvec2 w[]; } pairs[COLUMNS];
layout(set = 0, binding = 1, std430) buffer Partial {
    uint error;
    uint unused_word;
    LONG partial[];
};
layout(set = 0, binding = 2, std430) writeonly buffer Blocks { uvec2 block_sum[]; };

layout(push_constant, std430) uniform Push {
    uint rows;
    uint blocks;
    LONG literal[15];
} push;

uint q_valid;
uint q_error;
WORD q_value[SLOTS];

// The stand-in: counts rows. It touches what a spliced body needs, so that the types exist.
void q_row(const uint row, const uint segment) {
    uint code = column[0].w[row];
    uvec2 wide = pairs[0].w[row];
#if WORDS
    q_valid = code == push.literal[0].x && push.literal[0] == wide ? 255u : segment;
#else
    q_valid = code == 0u && push.literal[0] == packUint2x32(wide) ? 255u : segment;
#endif
    q_value[0] = WORD(code);
    q_error = 0u;
}

shared LONG fold_long[256];
#if FLOATS
shared double fold_f64[256];
#define VALUE double
#define ZERO 0.0lf
#else
#define VALUE uint
#define ZERO 0u
#endif

// One row's value of a slot joins the slot's accumulators. `kind` is constant once inlined.
void add(const uint kind, const uint s, inout uint count, inout LONG low, inout LONG high,
         inout VALUE sum) {
    bool hit = (q_valid & (1u << s)) != 0u;
    WORD v = q_value[s];
    if (kind == KIND_NONE) {
        return;
    }
    count += hit ? 1u : 0u;
    if (kind == KIND_SUM_SMALL) {
        low = PLUS(low, hit ? SIGNED(v) : LONG(0));
#if WORDS
    } else if (kind == KIND_SUM_U64) {
        low = PLUS(low, hit ? LONG_OF(v) : LONG(0));
#else
    } else if (kind == KIND_SUM_I64) {
        low += hit ? v & uint64_t(0xffffffffu) : uint64_t(0);
        high += hit ? uint64_t(int64_t(v) >> 32) : uint64_t(0);
    } else if (kind == KIND_SUM_U64) {
        low += hit ? v & uint64_t(0xffffffffu) : uint64_t(0);
        high += hit ? v >> 32 : uint64_t(0);
#endif
    } else if (kind == KIND_MIN) {
        low = hit && BELOW(LONG_OF(v), low) ? LONG_OF(v) : low;
    } else if (kind == KIND_MAX) {
        low = hit && BELOW(low, LONG_OF(v)) ? LONG_OF(v) : low;
    }
#if FLOATS
    if (kind == KIND_SUM_F64) {
        precise double next = sum + packDouble2x32(unpackUint2x32(v));
        sum = hit ? next : sum;
    }
#endif
}

void fold_add(const uint me) {
    barrier();
    for (uint half_lanes = 128u; half_lanes > 0u; half_lanes >>= 1) {
        if (me < half_lanes) {
            fold_long[me] = PLUS(fold_long[me], fold_long[me + half_lanes]);
        }
        barrier();
    }
}

void fold_pick(const uint me, const bool largest) {
    barrier();
    for (uint half_lanes = 128u; half_lanes > 0u; half_lanes >>= 1) {
        if (me < half_lanes) {
            LONG a = fold_long[me], b = fold_long[me + half_lanes];
            fold_long[me] = BELOW(a, b) == largest ? b : a;
        }
        barrier();
    }
}

// The lanes of the four blocks at hand become four sums: halves of 32, 16, ... 1.
void close_block(const uint kind, const uint place, const uint block, const VALUE sum) {
#if FLOATS
    uint me = gl_LocalInvocationID.x;
    uint lane = me & 63u;
    if (kind != KIND_SUM_F64) {
        return;
    }
    fold_f64[me] = sum;
    barrier();
    for (uint half_lanes = 32u; half_lanes > 0u; half_lanes >>= 1) {
        if (lane < half_lanes) {
            precise double folded = fold_f64[me] + fold_f64[me + half_lanes];
            fold_f64[me] = folded;
        }
        barrier();
    }
    if (lane == 0u && block < push.blocks) {
        block_sum[place * push.blocks + block] = unpackDouble2x32(fold_f64[me]);
    }
    barrier();
#endif
}

// The workgroup's {count, low, high} of a slot.
void finish(const uint kind, const uint s, const uint count, const LONG low, const LONG high) {
    uint me = gl_LocalInvocationID.x;
    uint at = (gl_WorkGroupID.x * USED + s) * 3u;
    if (kind == KIND_NONE) {
        return;
    }
    fold_long[me] = LONG_OF(count);
    fold_add(me);
    if (me == 0u) {
        partial[at] = fold_long[0];
    }
    barrier();
    if (kind == KIND_COUNT || kind == KIND_SUM_F64) {
        return;
    }
    fold_long[me] = low;
    if (kind == KIND_MIN || kind == KIND_MAX) {
        fold_pick(me, kind == KIND_MAX);
    } else {
        fold_add(me);
    }
    if (me == 0u) {
        partial[at + 1u] = fold_long[0];
    }
    barrier();
    if (kind == KIND_SUM_I64 || kind == KIND_SUM_U64) {
        fold_long[me] = high;
        fold_add(me);
        if (me == 0u) {
            partial[at + 2u] = fold_long[0];
        }
        barrier();
    }
}

#define IS_FLOAT(s) (KIND##s == KIND_SUM_F64 ? 1u : 0u)
#define ALL(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7)
#define START(s)                                                                                   \
    uint count##s = 0u;                                                                            \
    LONG low##s = KIND##s == KIND_MIN ? ~LONG(0) : LONG(0);                                        \
    LONG high##s = LONG(0);                                                                        \
    VALUE sum##s = ZERO;
#define ADD(s) add(KIND##s, s, count##s, low##s, high##s, sum##s);
#define CLOSE(s)                                                                                   \
    close_block(KIND##s, place, block, sum##s);                                                    \
    place += IS_FLOAT(s);                                                                          \
    sum##s = ZERO;
#define FINISH(s) finish(KIND##s, s, count##s, low##s, high##s);

void main() {
    uint me = gl_LocalInvocationID.x;
    uint lane = me & 63u;
    uint failed = 0u;
    ALL(START)
    for (uint first = gl_WorkGroupID.x * 4u; first < push.blocks;
         first += gl_NumWorkGroups.x * 4u) {
        uint block = first + (me >> 6);
        uint segment = block >> 4;
        uint row = block * 4096u + lane;
        uint end = block < push.blocks ? min(push.rows, block * 4096u + 4096u) : 0u;
        uint place = 0u;
        if (end - row + lane == 4096u) { // a whole block: four rows' loads in flight
            for (uint i = 0u; i < 16u; i++) {
                [[unroll]] for (uint j = 0u; j < 4u; j++) {
                    q_row(row + j * 64u, segment);
                    failed |= q_error;
                    ALL(ADD)
                }
                row += 256u;
            }
        } else {
            for (; row < end; row += 64u) {
                q_row(row, segment);
                failed |= q_error;
                ALL(ADD)
            }
        }
        ALL(CLOSE)
    }
    ALL(FINISH)
    if (failed != 0u) {
        atomicOr(error, failed);
    }
}
