#version 450
// group_sort.comp - pairs of a 64-bit key and a number, ascending by key: stable radix passes of
// four bits, reduce-then-scan. A tile is 2,048 pairs, sixteen neighbours a thread.
//
//     COUNT   how often each digit comes in each tile
//     SCAN    one workgroup: counts, digit by digit, to places
//     MOVE    every pair to its place
//     WHOLE   one tile is all: every pass in one go
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require

#define STEP_COUNT 0u
#define STEP_SCAN 1u
#define STEP_MOVE 2u
#define STEP_WHOLE 3u
#define TILE 2048u
#define EACH 16u
#define THREADS 128u

layout(constant_id = 0) const uint STEP = STEP_COUNT;
layout(local_size_x = 128) in;

layout(set = 0, binding = 0, std430) buffer KeysA { uint64_t keys_a[]; };
layout(set = 0, binding = 1, std430) buffer RowsA { uint rows_a[]; };
layout(set = 0, binding = 2, std430) buffer KeysB { uint64_t keys_b[]; };
layout(set = 0, binding = 3, std430) buffer RowsB { uint rows_b[]; };
layout(set = 0, binding = 4, std430) buffer Counts { uint counts[]; };

layout(push_constant, std430) uniform Push {
    uint n;
    uint tiles;
    uint shift; // WHOLE: bits
} push;

shared uint fold[128];
shared uint places[2048]; // [digit][thread]

// fold becomes the sum of it up to and with each lane.
void scan_fold(const uint me) {
    barrier();
    for (uint by = 1u; by < THREADS; by <<= 1) {
        uint before = me >= by ? fold[me - by] : 0u;
        barrier();
        fold[me] += before;
        barrier();
    }
}

uint digit_of(const uint64_t key, const uint shift) {
    return uint(key >> shift) & 15u;
}

// places becomes, for each digit and thread, where the thread's first pair with it goes in a tile.
void place_tile(const uint me) {
    uint total = 0u, before;
    barrier();
    for (uint j = 0u; j < 16u; j++) {
        total += places[me * 16u + j];
    }
    fold[me] = total;
    scan_fold(me);
    before = fold[me] - total;
    for (uint j = 0u; j < 16u; j++) {
        uint own = places[me * 16u + j];
        places[me * 16u + j] = before;
        before += own;
    }
    barrier();
}

void count_own(const uint me, const uint first, const uint shift, const bool back) {
    for (uint d = 0u; d < 16u; d++) {
        places[d * THREADS + me] = 0u;
    }
    for (uint j = 0u; j < EACH; j++) {
        uint i = first + me * EACH + j;
        if (i < push.n) {
            uint64_t key = back ? keys_b[i] : keys_a[i];
            places[digit_of(key, shift) * THREADS + me] += 1u;
        }
    }
}

void move_own(const uint me, const uint first, const uint shift, const bool back, const uint tile) {
    for (uint j = 0u; j < EACH; j++) {
        uint i = first + me * EACH + j;
        if (i < push.n) {
            uint64_t key = back ? keys_b[i] : keys_a[i];
            uint row = back ? rows_b[i] : rows_a[i];
            uint d = digit_of(key, shift), to = places[d * THREADS + me];
            places[d * THREADS + me] = to + 1u;
            if (STEP == STEP_MOVE) {
                to += counts[d * push.tiles + tile] - fold[d];
            }
            if (back) {
                keys_a[to] = key;
                rows_a[to] = row;
            } else {
                keys_b[to] = key;
                rows_b[to] = row;
            }
        }
    }
}

void count_tile(const uint me, const uint tile) {
    if (me < 16u) {
        fold[me] = 0u;
    }
    barrier();
    for (uint j = 0u; j < EACH; j++) {
        uint i = tile * TILE + j * THREADS + me;
        if (i < push.n) {
            atomicAdd(fold[digit_of(keys_a[i], push.shift)], 1u);
        }
    }
    barrier();
    if (me < 16u) {
        counts[me * push.tiles + tile] = fold[me];
    }
}

void scan_counts(const uint me) {
    uint total = push.tiles * 16u, before = 0u;
    for (uint first = 0u; first < total; first += THREADS) {
        uint own = first + me < total ? counts[first + me] : 0u;
        fold[me] = own;
        scan_fold(me);
        if (first + me < total) {
            counts[first + me] = before + fold[me] - own;
        }
        before += fold[THREADS - 1u];
        barrier();
    }
}

void move_tile(const uint me, const uint tile) {
    uint first = tile * TILE;
    count_own(me, first, push.shift, false);
    place_tile(me);
    if (me < 16u) {
        fold[me] = places[me * THREADS]; // where the digit begins in the tile
    }
    barrier();
    move_own(me, first, push.shift, false, tile);
}

void sort_whole(const uint me) {
    bool back = false;
    for (uint shift = 0u; shift < push.shift; shift += 4u) {
        count_own(me, 0u, shift, back);
        place_tile(me);
        move_own(me, 0u, shift, back, 0u);
        back = !back;
        memoryBarrierBuffer();
        barrier();
    }
}

void main() {
    uint tile = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    uint me = gl_LocalInvocationID.x;
    if (STEP == STEP_SCAN) {
        scan_counts(me);
    } else if (STEP == STEP_WHOLE) {
        sort_whole(me);
    } else if (tile < push.tiles) {
        if (STEP == STEP_COUNT) {
            count_tile(me, tile);
        } else {
            move_tile(me, tile);
        }
    }
}
