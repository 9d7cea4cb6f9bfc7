#version 450
// group_sort_tile.comp - at most 2,048 pairs of a 64-bit key and a number, ascending by key, in one
// workgroup: stable radix passes of four bits over neighbours, sixteen a thread. Pairs go to and
// fro between A and B and end in B after an odd number of passes.
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require

#define EACH 16u
#define THREADS 128u

layout(local_size_x = 128) in;

layout(set = 0, binding = 0, std430) buffer KeysA { uint64_t keys_a[]; };
layout(set = 0, binding = 1, std430) buffer RowsA { uint rows_a[]; };
layout(set = 0, binding = 2, std430) buffer KeysB { uint64_t keys_b[]; };
layout(set = 0, binding = 3, std430) buffer RowsB { uint rows_b[]; };

layout(push_constant, std430) uniform Push {
    uint n;
    uint bits;
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

void count_own(const uint me, const uint shift, const bool back) {
    for (uint d = 0u; d < 16u; d++) {
        places[d * THREADS + me] = 0u;
    }
    for (uint i = me * EACH; i < min(me * EACH + EACH, push.n); i++) {
        places[digit_of(back ? keys_b[i] : keys_a[i], shift) * THREADS + me] += 1u;
    }
}

// places becomes, for each digit and thread, where the thread's first pair with it goes.
void place_all(const uint me) {
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

void move_own(const uint me, const uint shift, const bool back) {
    for (uint i = me * EACH; i < min(me * EACH + EACH, push.n); i++) {
        uint64_t key = back ? keys_b[i] : keys_a[i];
        uint row = back ? rows_b[i] : rows_a[i];
        uint at = digit_of(key, shift) * THREADS + me, to = places[at];
        places[at] = to + 1u;
        if (back) {
            keys_a[to] = key;
            rows_a[to] = row;
        } else {
            keys_b[to] = key;
            rows_b[to] = row;
        }
    }
}

void main() {
    uint me = gl_LocalInvocationID.x;
    bool back = false;
    for (uint shift = 0u; shift < push.bits; shift += 4u) {
        count_own(me, shift, back);
        place_all(me);
        move_own(me, shift, back);
        back = !back;
        memoryBarrierBuffer();
        barrier();
    }
}
