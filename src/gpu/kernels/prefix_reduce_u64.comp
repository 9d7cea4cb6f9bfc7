#version 450
// prefix_reduce_u64.comp - prefix sums of 64-bit integers, first step. See prefix.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 1
#define REDUCE 1
#include "prefix.glsl"
