#version 450
// join_compact.comp - keys of 32 bits. See join_compact.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 0
#include "join_compact.glsl"
