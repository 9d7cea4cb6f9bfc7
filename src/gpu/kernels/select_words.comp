#version 450
// select_words.comp - keys of selected rows, packed in words. See select_words.glsl.
#extension GL_GOOGLE_include_directive : require
#define FLOATS 1
#include "select_words.glsl"
