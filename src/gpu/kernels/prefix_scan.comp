#version 450
// prefix_scan.comp - prefix sums of 32-bit integers, second step. See prefix.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 0
#define REDUCE 0
#include "prefix.glsl"
