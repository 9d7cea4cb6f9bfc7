#version 450
// select_words_int.comp - select_words.comp without 64-bit floats. See select_words.glsl.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 0
#include "select_words.glsl"
