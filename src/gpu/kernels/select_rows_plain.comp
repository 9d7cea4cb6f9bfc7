#version 450
// select_rows_plain.comp - bitmap of the rows that pass, without subgroups. See select_rows.glsl.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 1
#define SUBGROUPS 0
#include "select_rows.glsl"
