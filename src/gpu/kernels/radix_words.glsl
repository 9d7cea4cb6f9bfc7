// radix_words.glsl - 64-bit integers in two words, and fields of keys in a word to sort by.

// Shifts; 0 <= by < 64.
uvec2 right(const uvec2 v, const uint by) {
    uint b = by & 31u;
    uvec2 r = by >= 32u ? uvec2(v.y, 0u) : v;
    return b == 0u ? r : uvec2(r.x >> b | r.y << (32u - b), r.y >> b);
}

uvec2 left(const uvec2 v, const uint by) {
    uint b = by & 31u;
    uvec2 r = by >= 32u ? uvec2(0u, v.x) : v;
    return b == 0u ? r : uvec2(r.x << b, r.y << b | r.x >> (32u - b));
}

uvec2 low_bits(const uvec2 v, const uint width) {
    return uvec2(width >= 32u ? v.x : v.x & (1u << width) - 1u,
                 width >= 64u ? v.y : width <= 32u ? 0u : v.y & (1u << (width - 32u)) - 1u);
}

uvec2 minus(const uvec2 a, const uvec2 b) {
    return uvec2(a.x - b.x, a.y - b.y - (a.x < b.x ? 1u : 0u));
}
