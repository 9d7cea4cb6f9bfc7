// prefix.glsl - sums of what stands before each element: reduce, then scan.
//
// A workgroup owns a part of the array, a multiple of a tile. The first kernel (REDUCE) leaves the
// sum of every part; the second adds up the parts before its own and scans its tiles one after
// another with what it carries. Twice read, once written, and no workgroup waits for another.
//
// A tile is 4 rows of 256 vectors of 16 bytes: loads are whole vectors of neighbours, and one scan
// over the 256 threads, a component a row, serves all four rows.
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_control_flow_attributes : require

#define THREADS 256u
#define ROWS 4u

#if WIDE
#define VALUE uint64_t
#define SUMS u64vec4
#define VECTOR u64vec2
#define WIDTH 2u
#else
#define VALUE uint
#define SUMS uvec4
#define VECTOR uvec4
#define WIDTH 4u
#endif

layout(local_size_x = 256) in;
layout(set = 0, binding = 0, std430) readonly buffer In { VECTOR v[]; } source;
layout(set = 0, binding = 1, std430) buffer Parts { VALUE parts[]; };
#if !REDUCE
layout(set = 0, binding = 2, std430) writeonly buffer Out { VECTOR v[]; } target;
layout(set = 0, binding = 2, std430) writeonly buffer OutValues { VALUE v[]; } target_values;
layout(constant_id = 0) const uint INCLUSIVE = 0u;
#endif

layout(push_constant, std430) uniform Push {
    uint count;      // elements
    uint part_tiles; // tiles of a part
    uint part_count;
} push;

shared SUMS folded[THREADS];

// Elements past the end count 0.
VECTOR load(const uint at) {
    VECTOR v = VECTOR(0);
    if (at * WIDTH < push.count) {
        v = source.v[at];
        [[unroll]] for (uint i = 1u; i < WIDTH; i++) {
            v[i] = at * WIDTH + i < push.count ? v[i] : VALUE(0);
        }
    }
    return v;
}

VALUE total(const VECTOR v) {
#if WIDE
    return v.x + v.y;
#else
    return (v.x + v.y) + (v.z + v.w);
#endif
}

// The sum of one number a thread.
VALUE fold(const uint me, const VALUE mine) {
    folded[me].x = mine;
    barrier();
    for (uint half_threads = THREADS / 2u; half_threads > 0u; half_threads >>= 1) {
        if (me < half_threads) {
            folded[me].x += folded[me + half_threads].x;
        }
        barrier();
    }
    VALUE sum = folded[0].x;
    barrier();
    return sum;
}

uint group_number() {
    return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
}

#if REDUCE
void main() {
    uint me = gl_LocalInvocationID.x;
    uint part = group_number();
    VALUE sum = VALUE(0);
    if (part >= push.part_count) {
        return;
    }
    for (uint tile = 0u; tile < push.part_tiles; tile++) {
        uint first = (part * push.part_tiles + tile) * ROWS * THREADS + me;
        [[unroll]] for (uint row = 0u; row < ROWS; row++) {
            sum += total(load(first + row * THREADS));
        }
    }
    sum = fold(me, sum);
    if (me == 0u) {
        parts[part] = sum;
    }
}
#else
void store(const uint at, const VECTOR v) {
    if ((at + 1u) * WIDTH <= push.count) {
        target.v[at] = v;
    } else {
        [[unroll]] for (uint i = 0u; i < WIDTH; i++) {
            if (at * WIDTH + i < push.count) {
                target_values.v[at * WIDTH + i] = v[i];
            }
        }
    }
}

// Inclusive over the threads, a component a row.
SUMS scan(const uint me, SUMS mine) {
    folded[me] = mine;
    barrier();
    for (uint distance = 1u; distance < THREADS; distance <<= 1) {
        SUMS before = me >= distance ? folded[me - distance] : SUMS(0);
        barrier();
        mine += before;
        folded[me] = mine;
        barrier();
    }
    return mine;
}

void main() {
    uint me = gl_LocalInvocationID.x;
    uint part = group_number();
    VALUE carry = VALUE(0);
    if (part >= push.part_count) {
        return;
    }
    for (uint i = me; i < part; i += THREADS) {
        carry += parts[i];
    }
    carry = fold(me, carry);
    for (uint tile = 0u; tile < push.part_tiles; tile++) {
        uint first = (part * push.part_tiles + tile) * ROWS * THREADS + me;
        VECTOR values[ROWS];
        SUMS mine;
        [[unroll]] for (uint row = 0u; row < ROWS; row++) {
            values[row] = load(first + row * THREADS);
            mine[row] = total(values[row]);
        }
        SUMS upto = scan(me, mine);
        SUMS all = folded[THREADS - 1u];
        barrier();
        [[unroll]] for (uint row = 0u; row < ROWS; row++) {
            VALUE sum = carry + upto[row] - mine[row];
            VECTOR result;
            [[unroll]] for (uint i = 0u; i < WIDTH; i++) {
                VALUE next = sum + values[row][i];
                result[i] = INCLUSIVE != 0u ? next : sum;
                sum = next;
            }
            store(first + row * THREADS, result);
            carry += all[row];
        }
    }
}
#endif
