#!/bin/sh
# What it costs to start the shell, answer `SELECT 1` and stop: at most 60 system calls and 2 ms,
# the best of 50 runs, since the machine may be busy with something else.
# TRUENO names the shell; STARTUP_US and STARTUP_CALLS move the limits.

trueno=${TRUENO:-./trueno}
cc=${CC:-cc}
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

cat >"$work/best.c" <<'END'
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv) {
    long best = 1000000000;
    int i, status = 0;
    (void)argc;
    for (i = 0; i < 50; i++) {
        struct timespec from, to;
        long us;
        pid_t child;
        clock_gettime(CLOCK_MONOTONIC, &from);
        child = fork();
        if (child == 0) {
            dup2(open("/dev/null", O_WRONLY), 1);
            execv(argv[1], argv + 1);
            _exit(127);
        }
        if (waitpid(child, &status, 0) != child || status != 0) {
            return 1;
        }
        clock_gettime(CLOCK_MONOTONIC, &to);
        us = (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000;
        best = us < best ? us : best;
    }
    printf("%ld\n", best);
    return 0;
}
END
if $cc "$work/best.c" -o "$work/best" 2>/dev/null; then
    us=$("$work/best" "$trueno" -c 'SELECT 1')
    [ "${us:-9999999}" -le "${STARTUP_US:-2000}" ]
    check "SELECT 1 takes ${us:-?} us, not at most ${STARTUP_US:-2000}" $?
else
    skipped=$((skipped + 1))
    echo "skipped: time: the timer does not compile here"
fi

printf '%d passed, %d failed' "$passed" "$failed"
[ "$skipped" -gt 0 ] && printf ', %d skipped' "$skipped"
printf '\n'
[ "$failed" -eq 0 ]
