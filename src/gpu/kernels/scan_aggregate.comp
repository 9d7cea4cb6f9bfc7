#version 450
// scan_aggregate.comp - one pass over a morsel: decode, filter and compute (q_row, spliced in at
// run time), then aggregates without groups. See scan_aggregate.glsl.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 1
#define WORDS 0
#include "scan_aggregate.glsl"
