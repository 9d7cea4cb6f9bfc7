#!/bin/sh
# The programs of examples/ print what examples/expected/ says. They run in the repository's root,
# from $BUILD/examples, where make links them with one compiled trueno_db.h; the first is also
# compiled as its head comment says, by one command, without a library on the line.

build=${BUILD:-build}
cc=${CC:-cc}
passed=0 failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# compare NAME COMMAND...
compare() {
    name=$1
    shift
    if "$@" >"$work/out" 2>"$work/err" && diff "examples/expected/$name.txt" "$work/out" >"$work/log"
    then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "tests/test_examples.sh: $*"
        head -n 20 "$work/log" "$work/err"
    fi
}

for source in examples/*.c; do
    name=$(basename "$source" .c)
    case $name in
    csv_to_parquet)
        compare "$name" "$build/examples/$name" examples/data/assets.csv "$work/assets.parquet"
        ;;
    *) compare "$name" "$build/examples/$name" ;;
    esac
done

if $cc -I. examples/quickstart.c -o "$work/quickstart" 2>"$work/err"; then
    compare quickstart "$work/quickstart"
elif $cc -I. examples/quickstart.c -o "$work/quickstart" -lpthread -ldl; then # an old C library
    compare quickstart "$work/quickstart"
else
    failed=$((failed + 1))
    echo "tests/test_examples.sh: $cc -I. examples/quickstart.c -o quickstart"
    head -n 20 "$work/err"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
