// group.glsl - what the kernels of GROUP BY share: the row of a group, and the control block.
//
// A group's row in device memory, in words of 32 bits:
//
//     key words (hash form only) | rows | counts of slots with NULLs | other single words | pairs
//
// A key word holds its part of the key plus one, 0 while the row is free. A pair is 64 bits at an
// even place. All zero is the state of a group without rows: MIN is kept as the largest
// complement. PLACE says where a slot's words are: bits 0-5 its count, 6-11 its single word, 12-23
// its first pair; 24: the count is its own; 25: signed; 26: MIN or MAX in the single word.
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_control_flow_attributes : require

#define SLOTS 8
#define VALUES 16 // slots, then keys
#define COLUMNS 24

#define KIND_NONE 0u
#define KIND_COUNT 1u
#define KIND_SUM_SMALL 2u // values of at most 32 bits: one pair
#define KIND_SUM_I64 3u   // a pair, and carries in the single word
#define KIND_SUM_U64 4u
#define KIND_MIN 5u
#define KIND_MAX 6u
#define KIND_SUM_F64 7u   // POSITIONS pairs, the grid in the single word, flags in the next

#define FORM_DENSE 0u   // the key is an index: tables in shared memory, then one in device memory
#define FORM_DIRECT 1u  // the key is an index: one table in device memory
#define FORM_HASH 2u    // open addressing
#define FORM_SURVEY 3u  // no table: the highest grid of each float sum
#define FORM_SPREAD 4u  // no table: rows of each partition, which is a stretch of the hash table
#define FORM_SCATTER 5u // and their keys and values, partition by partition
#define FORM_TUPLES 6u  // open addressing, of those

layout(constant_id = 0) const uint KIND0 = KIND_COUNT;
layout(constant_id = 1) const uint KIND1 = KIND_NONE;
layout(constant_id = 2) const uint KIND2 = KIND_NONE;
layout(constant_id = 3) const uint KIND3 = KIND_NONE;
layout(constant_id = 4) const uint KIND4 = KIND_NONE;
layout(constant_id = 5) const uint KIND5 = KIND_NONE;
layout(constant_id = 6) const uint KIND6 = KIND_NONE;
layout(constant_id = 7) const uint KIND7 = KIND_NONE;
layout(constant_id = 8) const uint PLACE0 = 0u;
layout(constant_id = 9) const uint PLACE1 = 0u;
layout(constant_id = 10) const uint PLACE2 = 0u;
layout(constant_id = 11) const uint PLACE3 = 0u;
layout(constant_id = 12) const uint PLACE4 = 0u;
layout(constant_id = 13) const uint PLACE5 = 0u;
layout(constant_id = 14) const uint PLACE6 = 0u;
layout(constant_id = 15) const uint PLACE7 = 0u;
layout(constant_id = 16) const uint FORM = FORM_DIRECT;
layout(constant_id = 17) const uint STRIDE = 2u;    // words of a row
layout(constant_id = 18) const uint KEY_WORDS = 0u; // of a row: 0, 1, 2 or 3
layout(constant_id = 19) const uint KEYS = 1u;      // of the query; from bit 8 on: may be NULL
layout(constant_id = 20) const uint POSITIONS = 4u; // of a float sum

#define COUNT_AT(place) ((place) & 63u)
#define WORD_AT(place) (((place) >> 6) & 63u)
#define PAIR_AT(place) ((((place) >> 12) & 4095u) << 1)
#define IS_COUNTED(place) (((place) >> 24 & 1u) != 0u)
#define IS_SIGNED(place) (((place) >> 25 & 1u) != 0u)
#define IS_NARROW(place) (((place) >> 26 & 1u) != 0u)

#define ALL(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7)

struct Field { // a key: code = value - minimum, NULL = range
    uint64_t minimum;
    uint64_t range; // 0: every value
    uint64_t factor;
};

#define CONTROL_MEMBERS                                                                            \
    uint error;    /* 1: a row failed, 2: a key left its range */                                  \
    uint full;     /* a table has no more room */                                                  \
    uint lost;     /* a float sum needs more positions */                                          \
    uint groups;                                                                                   \
    uint grids[8]; /* of slots: the grid of the first position */                                  \
    uint mask;     /* rows of the hash table, less one */                                          \
    uint probes;                                                                                   \
    uint rows;     /* of the table */                                                              \
    uint cells;    /* of groups in shared memory */                                                \
    uint replicas; /* of a group in shared memory */                                               \
    uint shift;    /* partition = place in the hash table >> shift */                              \
    Field fields[8];                                                                               \
    uint bases[8]; /* of slots: grids before this morsel */                                        \
    uint parts[1024]; /* of partitions: rows, then where the next one goes */

// The parts of a key in the words of a row.
uint key_part(const uint64_t key, const uint part) {
    if (KEY_WORDS == 1u) {
        return uint(key) + 1u;
    }
    if (KEY_WORDS == 2u) {
        return (uint(key >> (part * 31u)) & 0x7fffffffu) + 1u;
    }
    return (uint(key >> (part * 22u)) & 0x3fffffu) + 1u;
}

uint64_t key_of_parts(const uint a, const uint b, const uint c) {
    if (KEY_WORDS == 1u) {
        return uint64_t(a - 1u);
    }
    if (KEY_WORDS == 2u) {
        return uint64_t(a - 1u) | uint64_t(b - 1u) << 31;
    }
    return uint64_t(a - 1u) | uint64_t(b - 1u) << 22 | uint64_t(c - 1u) << 44;
}

uint hash_of(const uint64_t key) {
    uint h = uint(key) * 0x9e3779b1u ^ uint(key >> 32) * 0x85ebca77u;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 13) * 0x297a2d39u;
    return h ^ h >> 16;
}
