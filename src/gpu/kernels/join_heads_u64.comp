#version 450
// join_heads_u64.comp - keys of 64 bits. See join_heads.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 1
#include "join_heads.glsl"
