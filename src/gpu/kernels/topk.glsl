// topk.glsl - what the kernels of top-k share: a radix select from the highest digit down.
//
// state.prefix holds the digits known so far of the k-th smallest key, below them zeros;
// state.known the bits that they are. A round counts the next digit of the keys that share them
// (topk_count) and picks the digit that holds the k-th (topk_pick). Once few enough keys share it
// the rounds that follow do nothing: these keys are candidates, all of them. topk_mark sets a bit
// for each key below the prefix, and one in another bitmap for each that shares it.
struct State {
    uint prefix[2]; // low word, high word
    uint known[2];
    uint left;      // candidates wanted among the keys that share the prefix
    uint sharing;   // how many these are
    uint done;
    uint unused_word;
};

layout(push_constant, std430) uniform Push {
    uint count;
    uint shift;     // the digit's lowest bit; with 64-bit keys it lies in one word
    uint enough;    // so few keys that share the prefix are candidates
    uint stripes;
} push;
