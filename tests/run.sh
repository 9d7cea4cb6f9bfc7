#!/bin/sh
# Run test suites and add up their tallies.
#
# usage: run.sh "SUITE [ARGUMENT ...]" ...
# A suite is a program or a .sh script. Its last line may be `N passed, N failed[, N skipped]`; a
# suite without such a line (an example, say) counts as one test, judged by its exit status.
# Output is shown when something failed, skipped tests are shown always. The last line here is
# the sum of all, `N passed, N failed`; how many were skipped stands before it.

seconds=${TEST_SECONDS:-600}
limit=
command -v timeout >/dev/null 2>&1 && limit="timeout $seconds"
passed=0 failed=0 skipped=0
log=$(mktemp) || exit 1
failures=$(mktemp) || exit 1
trap 'rm -f "$log" "$failures"' EXIT

# suite NAME COMMAND...
suite() {
    name=$1
    shift
    $limit "$@" >"$log" 2>&1 </dev/null
    status=$?
    line=$(tail -n 1 "$log")
    case $line in
    *[0-9]" passed, "[0-9]*" failed"*)
        p=$(printf '%s\n' "$line" | sed 's/^\(.* \)*\([0-9][0-9]*\) passed.*/\2/')
        f=$(printf '%s\n' "$line" | sed 's/.* passed, \([0-9][0-9]*\) failed.*/\1/')
        s=$(printf '%s\n' "$line" | sed -n 's/.* failed, \([0-9][0-9]*\) skipped.*/\1/p')
        [ "$status" -ne 0 ] && [ "$f" -eq 0 ] && f=1
        ;;
    *)
        p=1 f=0
        s=
        [ "$status" -ne 0 ] && p=0 f=1
        ;;
    esac
    s=${s:-0}
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$f" -gt 0 ]; then
        printf '%-28s FAILED: %d passed, %d failed, exit status %d\n' "$name" "$p" "$f" "$status"
        head -c 20000 "$log" | sed 's/^/    /'
        printf '    repeat: %s\n' "$(printf '%s ' "$@" | cut -c 1-300)"
        printf 'FAILED: %s\n' "$name" >>"$failures"
        grep -v -i -E 'skipped|^ *$' "$log" | head -n 8 | cut -c 1-400 | sed 's/^/    /' >>"$failures"
    else
        printf '%-28s ok: %d passed%s\n' "$name" "$p" "$([ "$s" -gt 0 ] && echo ", $s skipped")"
        grep -i 'skipped: ' "$log" | head -n 20 | sed 's/^/    /'
    fi
}

for command in "$@"; do
    name=$(basename "${command%% *}" .sh)
    case ${command%% *} in
    *.sh) suite "$name" sh $command ;;
    *) suite "$name" $command ;;
    esac
done

cat "$failures" # once more, where the end of a long log is all that is read
[ "$skipped" -gt 0 ] && echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
