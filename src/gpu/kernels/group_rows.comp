#version 450
// group_rows.comp - one pass over a morsel: decode, filter and compute (q_row, spliced in at run
// time), then the groups' rows. See group_rows.glsl.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 1
#define WIDE 1
#include "group_rows.glsl"
