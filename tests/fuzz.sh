#!/bin/sh
# Run every fuzz target in $BUILD/fuzz for $FUZZ_SECONDS, from the inputs in tests/corpus/<target>
# and, where the shared data is there, from its fuzz files. Used by `make fuzz`.

build=${BUILD:-build/asan} seconds=${FUZZ_SECONDS:-20}
shared=${TRUENO_SHARED:-../shared}
passed=0 failed=0
ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=1:allocator_may_return_null=1}
UBSAN_OPTIONS=${UBSAN_OPTIONS:-abort_on_error=1:print_stacktrace=1}
export ASAN_OPTIONS UBSAN_OPTIONS

for target in "$build"/fuzz/fuzz_*; do
    case $target in *.d | *'*') continue ;; esac
    name=$(basename "$target")
    corpus=
    for folder in "tests/corpus/$name" "$shared"/data/parquet "$shared"/data/csv; do
        case $name-$folder in
        *parquet*-*/parquet | *csv*-*/csv | *-tests/*) [ -d "$folder" ] && corpus="$corpus $folder" ;;
        esac
    done
    if "$target" -help=1 2>&1 | grep -q libFuzzer; then
        set -- -max_total_time="$seconds" $corpus
    else
        set -- -seconds "$seconds" -seed "${FUZZ_SEED:-$$}" $corpus
    fi
    if "$target" "$@" >"$build/$name.log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        echo "$name ok: $(tail -n 1 "$build/$name.log")"
    else
        failed=$((failed + 1))
        echo "$name FAILED: $target $*"
        tail -n 40 "$build/$name.log" | sed 's/^/    /'
    fi
done
[ $((passed + failed)) -gt 0 ] || echo "there is no fuzz target (tests/fuzz_*.c)"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
