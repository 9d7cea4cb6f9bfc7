#!/bin/sh
# Compile the kernels of src/gpu/kernels and embed them.
#
# usage: spirv.sh EMBED_SPIRV FOLDER OUT      FOLDER keeps the modules
set -e
embed=$1 folder=$2 out=$3
rm -rf "$folder"
mkdir -p "$folder"
for kernel in src/gpu/kernels/*.comp; do
    module=$folder/$(basename "$kernel" .comp).spv
    glslangValidator -V --target-env vulkan1.1 -o "$module" "$kernel" >"$folder/log" ||
        { cat "$folder/log"; exit 1; }
done
"$embed" "$out" "$folder"/*.spv
