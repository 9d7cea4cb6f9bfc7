#version 450
// join_heads.comp - keys of 32 bits. See join_heads.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 0
#include "join_heads.glsl"
