#version 450
// join_build.comp - keys of 32 bits. See join_build.glsl.
#extension GL_GOOGLE_include_directive : require
#define WIDE 0
#include "join_build.glsl"
