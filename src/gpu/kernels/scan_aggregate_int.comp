#version 450
// scan_aggregate_int.comp - scan_aggregate.comp for devices without 64-bit floats.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 0
#define WORDS 0
#include "scan_aggregate.glsl"
