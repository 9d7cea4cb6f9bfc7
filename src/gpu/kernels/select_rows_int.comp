#version 450
// select_rows_int.comp - select_rows.comp without 64-bit floats. See select_rows.glsl.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 0
#define SUBGROUPS 1
#include "select_rows.glsl"
