#!/bin/sh
# Builds the GPU kernels' bench, checks every answer against the CPU kernels and prints one table.
# Needs make, a C compiler, and a Vulkan driver with its loader.
#
#     bench/gpu/run.sh [rows] [--software]      default 100,000,000; --software: llvmpipe too
#
# From anywhere. CC and CFLAGS are honoured; BUILD is where things are built (build).
set -e
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
cc=${CC:-cc}
flags="-std=c11 -ffp-contract=off ${CFLAGS:--O2}"
make -s -j"$(nproc 2>/dev/null || echo 1)" BUILD="$build" CC="$cc" CFLAGS="${CFLAGS:--O2}" lib
mkdir -p "$build/bench"
$cc $flags -Isrc -I. bench/gpu/scan.c "$build/libtrueno.a" -o "$build/bench/gpu_scan" \
    -lpthread -ldl
model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
echo "processor: $model, $(nproc 2>/dev/null) visible"
exec "$build/bench/gpu_scan" "$@"
