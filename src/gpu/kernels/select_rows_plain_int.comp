#version 450
// select_rows_plain_int.comp - select_rows_plain.comp without 64-bit floats. See select_rows.glsl.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 0
#define SUBGROUPS 0
#include "select_rows.glsl"
