#!/bin/sh
# What it costs to start the shell, answer `SELECT 1` and stop: at most 60 system calls, no thread.
# How long it takes is measured by bench/startup.sh. TRUENO names the shell; STARTUP_CALLS moves
# the limit.

trueno=${TRUENO:-./trueno}
passed=0 failed=0 skipped=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

check() { # WHAT STATUS
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "tests/test_startup.sh: $1"
    fi
}

"$trueno" -c 'SELECT 1' >"$work/out" 2>&1
check "the shell answers: $(cat "$work/out")" $?

# Sanitizers and emulators make calls of their own, so only a plain build is judged.
if ! command -v strace >/dev/null 2>&1; then
    skipped=$((skipped + 1))
    echo "skipped: system calls: there is no strace"
elif ! strace -f -o "$work/trace" "$trueno" -c 'SELECT 1' >/dev/null 2>&1; then
    skipped=$((skipped + 1))
    echo "skipped: system calls: strace may not trace here"
else
    calls=$(grep -c -E '^[0-9]+ +[a-z_0-9]+\(' "$work/trace")
    [ "$calls" -le "${STARTUP_CALLS:-60}" ]
    check "SELECT 1 takes $calls system calls, not at most ${STARTUP_CALLS:-60}" $?
    [ "$(grep -c -E '^[0-9]+ +(clone|clone3|fork|vfork)\(' "$work/trace")" -eq 0 ]
    check "SELECT 1 starts a thread or process" $?
fi

printf '%d passed, %d failed' "$passed" "$failed"
[ "$skipped" -gt 0 ] && printf ', %d skipped' "$skipped"
printf '\n'
[ "$failed" -eq 0 ]
