#version 450
// join_compact_u64.comp - keys of 64 bits. See join_compact.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 1
#include "join_compact.glsl"
