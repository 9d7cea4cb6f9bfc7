#version 450
// radix_scatter.comp - ranks by ballots of subgroups. See radix_scatter.glsl.
#extension GL_GOOGLE_include_directive : require
#define SUBGROUPS 1
#include "radix_scatter.glsl"
