#version 450
// select_keys_int.comp - select_keys.comp without 64-bit floats. See select_keys.glsl.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 0
#include "select_keys.glsl"
