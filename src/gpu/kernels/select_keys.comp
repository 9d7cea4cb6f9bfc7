#version 450
// select_keys.comp - values of selected rows. See select_keys.glsl.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 1
#include "select_keys.glsl"
