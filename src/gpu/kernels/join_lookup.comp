#version 450
// join_lookup.comp - keys of 32 bits. See join_lookup.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 0
#include "join_lookup.glsl"
