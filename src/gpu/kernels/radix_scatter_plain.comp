#version 450
// radix_scatter_plain.comp - for devices without ballots. See radix_scatter.glsl.
#extension GL_GOOGLE_include_directive : require
#define SUBGROUPS 0
#include "radix_scatter.glsl"
