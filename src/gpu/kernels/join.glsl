// join.glsl - what the kernels of the join share. See src/gpu/join.c for the whole.
//
// A table maps a key to an id: of the build row, or of the run of equal keys (RUNS). Dense tables
// have a word a key: id + 1, 0 for none. Hashed tables have slots of two words, {id + 1, the low
// word of the key}; a slot is claimed by its first word, and no kernel reads the second before the
// build has ended. The next slot is the next try, PROBES of them at most.
//
// WIDE: keys have 64 bits.
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require

#define PROBES 1024u
#define NONE 0xffffffffu
#define FLAG_DUPLICATES 1u
#define FLAG_FULL 2u

#if WIDE
#define KEY uint64_t
#else
#define KEY uint
#endif

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint HASHED = 0u;
layout(constant_id = 1) const uint RUNS = 0u;
layout(constant_id = 2) const uint KIND = 0u;
layout(constant_id = 3) const uint VALIDITY = 0u;

#define KIND_INNER 0u
#define KIND_LEFT 1u
#define KIND_SEMI 2u
#define KIND_ANTI 3u

layout(push_constant, std430) uniform Push {
    uint rows;
    uint mask;        // hashed: slots - 1
    uint64_t minimum; // dense: the first key
    uint64_t range;   // and how many follow
} push;

uint group_number() {
    return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
}

uint group_count() {
    return gl_NumWorkGroups.x * gl_NumWorkGroups.y;
}

uint mixed(uint h) {
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h *= 0xc2b2ae35u;
    return h ^ (h >> 16);
}

uint hash(KEY key) {
#if WIDE
    uvec2 words = unpackUint2x32(key);
    return mixed(words.x ^ mixed(words.y + 0x9e3779b9u));
#else
    return mixed(key);
#endif
}

uint low_word(KEY key) {
#if WIDE
    return unpackUint2x32(key).x;
#else
    return key;
#endif
}

// The place of a key in a dense table; NONE when it has none.
uint dense_place(KEY key) {
#if WIDE
    uint64_t at = key - push.minimum;
    return at < push.range ? uint(at) : NONE;
#else
    uint at = key - uint(push.minimum);
    return uint64_t(at) < push.range ? at : NONE;
#endif
}
