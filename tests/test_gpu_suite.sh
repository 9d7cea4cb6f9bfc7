#!/bin/sh
# The SQL scripts once more with TRUENO_BACKEND=gpu: whatever runs there must give the answers
# written down. Skips without a Vulkan device, saying so.
slt=${BUILD:-build}/tests/slt
shared=${TRUENO_SHARED:-../shared}
trueno=${TRUENO:-./trueno}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
XDG_CACHE_HOME=$folder
TRUENO_BACKEND=gpu
export XDG_CACHE_HOME TRUENO_BACKEND
if [ ! -x "$slt" ] || [ ! -x "$trueno" ]; then
    echo "skipped: $slt or $trueno is not built"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
line=$("$trueno" -c .devices 2>&1 | tail -n 1)
case $line in
"queries may run"*) ;;
*)
    echo "skipped: $line"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
    ;;
esac
passed=0 failed=0 skipped=0
suite() {
    "$slt" "$@" >"$folder/log" 2>&1
    tally=$(tail -n 1 "$folder/log")
    case $tally in
    *" passed, 0 failed"*) ;;
    *) cat "$folder/log" ;;
    esac
    passed=$((passed + $(echo "$tally" | sed -n 's/^\([0-9]*\) passed.*/\1/p')))
    failed=$((failed + $(echo "$tally" | sed -n 's/.* \([0-9]*\) failed.*/\1/p')))
    skipped=$((skipped + $(echo "$tally" | sed -n 's/.* \([0-9]*\) skipped.*/\1/p')))
}
suite tests/sql
for name in select1.test evidence/slt_lang_aggfunc.test random/groupby/slt_good_0.test \
    random/aggregates/slt_good_0.test; do
    if [ -e "$shared/sql/slt/$name" ]; then
        suite --set integer_division=true --skip-unsupported "$shared/sql/slt/$name"
    fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
