#!/bin/sh
# make bench: the programs of bench/*.c, then the comparison with other engines (run.py). What is
# given on the command line, or in BENCH_ARGS, goes to run.py: BENCH_ARGS="--suite h2o" make bench
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
PYTHON=${PYTHON:-python3}
library=$BUILD/libtrueno_db.so
mkdir -p "$BUILD"

for source in bench/*.c; do
    program=$BUILD/bench/$(basename "$source" .c)
    if [ -x "$program" ]; then
        echo "== $program"
        "$program"
    fi
done

if ! command -v "$PYTHON" >/dev/null; then
    echo "skipped: the comparison needs $PYTHON"
    exit 0
fi
if [ ! -f "$library" ] || [ trueno_db.h -nt "$library" ]; then
    echo "building $library"
    ${CC:-cc} -O2 -shared -fPIC -x c -DTRUENO_DB_IMPLEMENTATION trueno_db.h -o "$library.part" \
        -lpthread -ldl
    mv "$library.part" "$library"
fi
# shellcheck disable=SC2086
BUILD=$BUILD exec "$PYTHON" bench/run.py --library "$library" ${BENCH_ARGS:-} "$@"
