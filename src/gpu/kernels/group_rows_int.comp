#version 450
// group_rows_int.comp - group_rows.comp for devices without 64-bit floats and atomics.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 0
#define WIDE 0
#include "group_rows.glsl"
