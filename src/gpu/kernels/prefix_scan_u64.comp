#version 450
// prefix_scan_u64.comp - prefix sums of 64-bit integers, second step. See prefix.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 1
#define REDUCE 0
#include "prefix.glsl"
