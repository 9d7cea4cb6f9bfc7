#!/bin/sh
# The benchmark suites and the shared files against duckdb (suites.py).
. "$(dirname "$0")/python.inc"
exec "$python" tests/suites.py "$@"
