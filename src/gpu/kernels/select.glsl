// select.glsl - the skeletons of selection over a morsel of encoded columns.
//
// The library replaces q_row by code made from the query (see scan_aggregate.glsl): it sets bit 31
// of q_valid when the row passes the filter and, of each key, bit s of q_valid when it is not
// NULL and q_value[s].
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_control_flow_attributes : require

#define SLOTS 8
#define VALUES 16
#define PASSES 0x80000000u

layout(local_size_x = 256) in;
layout(set = 0, binding = 0, std430) readonly buffer Words { uint w[]; } column[COLUMNS];
layout(set = 0, binding = 0, std430) readonly buffer Pairs { uvec2 w[]; } pairs[COLUMNS];

layout(push_constant, std430) uniform Push {
    uint rows;
    uint blocks;
    uint64_t literal[15];
} push;

uint q_valid;
uint q_error;
uint64_t q_value[VALUES];

// The stand-in: it touches what a spliced body needs, so that the types exist.
void q_row(const uint row, const uint segment) {
    uint code = column[0].w[row];
    uvec2 wide = pairs[0].w[row];
    q_valid = code == 0u && push.literal[0] == packUint2x32(wide) ? PASSES : segment;
#if FLOATS
    double real = packDouble2x32(wide) + 1.0lf;
    q_value[0] = packUint2x32(unpackDouble2x32(real));
#else
    q_value[0] = uint64_t(code);
#endif
    q_error = 0u;
}

uint group_number() {
    return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
}
