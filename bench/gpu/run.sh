#!/bin/sh
# Builds the GPU kernels' benches, checks every answer against the CPU and prints a table each.
# Needs make, a C compiler, and a Vulkan driver with its loader.
#
#     bench/gpu/run.sh [rows] [--software]      default 100,000,000; --software: llvmpipe too
#
# TPC-H's shapes take six times as many rows, the dispatcher's grid at most 64,000,000.
# MULTI=8000 adds one GPU against all of the machine's, over so many MB.
# From anywhere. CC and CFLAGS are honoured; BUILD is where things are built (build).
set -e
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
cc=${CC:-cc}
flags="-std=c11 -ffp-contract=off ${CFLAGS:--O2}"
make -s -j"$(nproc 2>/dev/null || echo 1)" BUILD="$build" CC="$cc" CFLAGS="${CFLAGS:--O2}" lib
mkdir -p "$build/bench"
for bench in scan sort group transfer join multi dispatch tpch; do
    $cc $flags -Isrc -I. bench/gpu/$bench.c "$build/libtrueno.a" -o "$build/bench/gpu_$bench" \
        -lpthread -ldl
done
rows=100000000
for word in "$@"; do
    case $word in
    --*) option=$word ;;
    *) rows=$word ;;
    esac
done
grid=$((rows < 64000000 ? rows : 64000000))
model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
echo "processor: $model, $(nproc 2>/dev/null) visible"
"$build/bench/gpu_scan" "$@"
echo
"$build/bench/gpu_sort" "$@"
echo
"$build/bench/gpu_group" "$@"
echo
"$build/bench/gpu_transfer" "$@"
echo
"$build/bench/gpu_join" "$@"
echo
"$build/bench/gpu_tpch" $((rows * 6)) $option
echo
"$build/bench/gpu_dispatch" "$grid" $option
if [ -n "$MULTI" ]; then
    echo
    "$build/bench/gpu_multi" "$MULTI"
fi
