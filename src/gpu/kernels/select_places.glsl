// select_places.glsl - which row of the morsel thread i takes, and where its results go. See
// select.glsl. By MODE:
//   0  row rows[blocks + i] - first, at blocks + i: the rows are in order, these are the morsel's
//   1  row i, at first + i: all rows
//   2  row rows[i] - first, at i, if that is one of the morsel's `blocks` rows: any order
layout(constant_id = 1) const uint MODE = 0u;
layout(constant_id = 2) const uint DESCENDING = 0u; // a bit a key
layout(constant_id = 3) const uint FLOATING = 0u;

layout(set = 0, binding = 1, std430) buffer Control {
    uint error;
    uint first;
    uint stride;
};
layout(set = 0, binding = 2, std430) readonly buffer Rows { uint rows[]; };

uint place(const uint i) {
    return MODE == 0u ? push.blocks + i : MODE == 1u ? first + i : i;
}

// With MODE 2, rows before the morsel wrap around.
uint row_of(const uint i, const uint to) {
    return MODE == 1u ? i : rows[to] - first;
}

// The key of MIN in the order that is wanted, -0.0 equal to 0.0.
uvec2 directed(uvec2 key, const uint s) {
    if ((FLOATING >> s & 1u) != 0u && key == uvec2(0xffffffffu, 0x7fffffffu)) {
        key = uvec2(0u, 0x80000000u);
    }
    return (DESCENDING >> s & 1u) != 0u ? ~key : key;
}
