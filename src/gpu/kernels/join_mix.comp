#version 450
// join_mix.comp - keys of 32 bits. See join_mix.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 0
#include "join_mix.glsl"
