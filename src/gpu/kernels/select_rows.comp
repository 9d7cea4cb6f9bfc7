#version 450
// select_rows.comp - bitmap of the rows that pass, by ballots of subgroups. See select_rows.glsl.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 1
#define SUBGROUPS 1
#include "select_rows.glsl"
