#!/bin/sh
# Random queries over one table against duckdb and sqlite3, and against ourselves with other
# instruction sets, thread counts and sources (differential.py): always the same ones here.
#
# More of them:  DIFFERENTIAL_COUNT=2000 sh tests/test_differential.sh
# others:        DIFFERENTIAL_SEED=5000 sh tests/test_differential.sh
# larger tables: DIFFERENTIAL_ROWS=80000 sh tests/test_differential.sh
. "$(dirname "$0")/python.inc"
seed=${DIFFERENTIAL_SEED:-1} count=${DIFFERENTIAL_COUNT:-200} rows=${DIFFERENTIAL_ROWS:-3000}
echo "queries $seed to $((seed + count - 1)), tables of $rows rows"
exec "$python" -X faulthandler tests/differential.py --seed "$seed" --count "$count" --rows "$rows" "$@"
