#version 450
// group_rows_narrow.comp - group_rows.comp for devices without 64-bit atomics.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 1
#define WIDE 0
#include "group_rows.glsl"
