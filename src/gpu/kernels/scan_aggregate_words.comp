#version 450
// scan_aggregate_words.comp - scan_aggregate.comp for devices without 64-bit integers and floats.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 0
#define WORDS 1
#include "scan_aggregate.glsl"
