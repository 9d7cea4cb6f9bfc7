#version 450
// join_build_u64.comp - keys of 64 bits. See join_build.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 1
#include "join_build.glsl"
