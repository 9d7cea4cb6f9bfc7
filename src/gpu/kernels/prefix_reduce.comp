#version 450
// prefix_reduce.comp - prefix sums of 32-bit integers, first step. See prefix.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 0
#define REDUCE 1
#include "prefix.glsl"
