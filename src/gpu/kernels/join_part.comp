#version 450
// join_part.comp - keys of 32 bits. See join_part.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 0
#include "join_part.glsl"
