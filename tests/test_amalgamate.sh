#!/bin/sh
# The amalgamator: what it joins it can take apart, what it must refuse it refuses by file, line,
# reason and fix. Uses $BUILD/amalgamate, which make builds.

tool=${BUILD:-build}/amalgamate
passed=0 failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

check() { # WHAT STATUS
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "tests/test_amalgamate.sh: $1"
    fi
}

# ---- the real sources ----

mkdir "$work/real"
cp -r src LICENSE "$work/real/"
find "$work/real/src" -type f ! -name '*.c' ! -name '*.h' -exec rm -f {} +
find "$work/real/src" -depth -type d -exec rmdir {} + 2>/dev/null
"$tool" "$work/real/src" "$work/one.h"
check "src/ is joined" $?
"$tool" --split "$work/one.h" "$work/apart"
diff -r "$work/real/src" "$work/apart"
check "splitting the header gives src/ back byte for byte" $?
cp "$work/real/LICENSE" "$work/LICENSE"
"$tool" "$work/apart" "$work/two.h"
cmp "$work/one.h" "$work/two.h"
check "joining again gives the same header" $?
[ "$(LC_ALL=C grep -c '[^ -~]' "$work/one.h")" -eq 0 ]
check "the header is printable ASCII" $?
[ "$(awk 'length > 100' "$work/one.h" | wc -l)" -eq 0 ]
check "the header has no line over 100 columns" $?
"$tool" src "$work/two.h" && touch -t 202001010000 "$work/two.h" && "$tool" src "$work/two.h" &&
    [ -z "$(find "$work/two.h" -newer LICENSE)" ]
check "an unchanged header is not rewritten" $?

# ---- a small tree, and what is wrong with its variants ----

module() { # PATH: the module's text on standard input, after its head comment
    mkdir -p "$work/small/src/$(dirname "$1")"
    { printf '/* %s - part of a test. */\n' "$(basename "$1")" && cat; } >"$work/small/src/$1"
}

small() {
    rm -rf "$work/small"
    module trueno.h <<'EOF'
#ifndef TRUENO_H
#define TRUENO_H
#include <stddef.h>
#define TRUENO_VERSION "1.2.3"
int trueno_one(void);
#endif
EOF
    module base/core.h <<'EOF'
#ifndef TNI_CORE_H
#define TNI_CORE_H
#include "trueno.h"
#include <string.h>
#define TNI_TWICE(x) ((x) * 2)
typedef struct tni_thing {
    int a;
} tni_thing;
#endif
EOF
    module base/core.c <<'EOF'
#include "base/core.h"
#if defined(__x86_64__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
int tni_core(int x) {
    return TNI_TWICE(x);
}
EOF
    module simd/body.h <<'EOF'
int TNI_NAME(void) {
    return TNI_VALUE;
}
EOF
    module simd/rows.c <<'EOF'
#include "base/core.h"
#define TNI_NAME tni_row_one
#define TNI_VALUE 1
#include "simd/body.h"
#undef TNI_NAME
#undef TNI_VALUE
#define TNI_NAME tni_row_two
#define TNI_VALUE 2
#include "simd/body.h"
#undef TNI_NAME
#undef TNI_VALUE
EOF
    module db/api.c <<'EOF'
#include "base/core.h"
#include <stdlib.h>
int trueno_one(void) {
    return tni_core(1);
}
EOF
}

refused() { # WHAT EXPECTED-WORDS
    if "$tool" "$work/small/src" "$work/small/out.h" >"$work/log" 2>&1; then
        check "$1: was accepted" 1
    else
        grep -q -e "$2" "$work/log" && grep -q 'fix: ' "$work/log"
        check "$1: the message should say: $2 (it says: $(cat "$work/log"))" $?
    fi
}

small
"$tool" "$work/small/src" "$work/small/out.h" && "$tool" --split "$work/small/out.h" "$work/small/back" &&
    diff -r "$work/small/src" "$work/small/back"
check "a template header is copied twice and comes back once" $?
printf '#define TRUENO_DB_IMPLEMENTATION\n#include "%s"\nint main(void) { return trueno_one() - 2; }\n' \
    "$work/small/out.h" >"$work/small/main.c"
${CC:-cc} "$work/small/main.c" -o "$work/small/main" && "$work/small/main"
check "the small header compiles and runs" $?
[ "$(grep -c '^#include <emmintrin.h>' "$work/small/out.h")" -eq 1 ] &&
    [ "$(grep -n '^#include <emmintrin.h>' "$work/small/out.h" | cut -d: -f1)" -lt \
        "$(grep -n 'int tni_core(' "$work/small/out.h" | cut -d: -f1)" ]
check "a guarded system header moves above the code" $?
grep -q '^#undef TNI_TWICE$' "$work/small/out.h"
check "macros are undefined at the end" $?
grep -q 'MARK: - part of a test >>base_core_h' "$work/small/out.h"
check "a banner names the module's purpose and token" $?

small
echo '#include "base/nothing.h"' >>"$work/small/src/db/api.c"
refused "an unknown include" 'db/api.c:7: unknown include'
small
echo '/* caf'"$(printf '\303\251')"' */' >>"$work/small/src/db/api.c"
refused "a byte outside ASCII" 'db/api.c:7: a byte outside printable ASCII'
small
printf 'int tni_crlf;\r\n' >>"$work/small/src/db/api.c"
refused "CRLF" 'db/api.c:7: CRLF'
small
printf '\tint tni_tab;\n' >>"$work/small/src/db/api.c"
refused "a tab" 'db/api.c:7: tab'
small
printf 'int tni_no_newline;' >>"$work/small/src/db/api.c"
refused "a missing last newline" 'does not end in a newline'
small
printf '/* %s */\n' "$(printf '%0100d' 0)" >>"$work/small/src/db/api.c"
refused "a long line" 'db/api.c:7: longer than 100 columns'
small
printf 'static int tni_core(int y) {\n    return y;\n}\n' >>"$work/small/src/db/api.c"
refused "a function twice" 'db/api.c:7: `tni_core` is also defined at .*base/core.c:8'
small
printf 'static const int tni_core[] = {1};\n' >>"$work/small/src/db/api.c"
refused "a table with a function's name" 'db/api.c:7: `tni_core` is also defined'
small
printf 'typedef struct tni_other {\n    int b;\n} tni_thing;\n' >>"$work/small/src/db/api.c"
refused "a type twice" 'db/api.c:9: `tni_thing` is also defined at .*base/core.h:9'
small
echo '#define TNI_TWICE(x) 3' >>"$work/small/src/db/api.c"
refused "a macro twice" 'db/api.c:7: `TNI_TWICE` is also defined'
small
echo '#define SHORT 3' >>"$work/small/src/db/api.c"
refused "a macro without prefix" 'without the prefix TNI_'
small
echo '#include "db/api.h"' >>"$work/small/src/base/core.c"
module db/api.h </dev/null
refused "an include from above" 'base/core.c:11: includes a header of a higher floor'
small
echo '#include <stdio.h> /* why */' >>"$work/small/src/db/api.c"
refused "text beside an include" 'db/api.c:7: text beside an include'
small
module other/what.c </dev/null
refused "an unknown floor" 'lies outside every floor'
small
module base/lonely.h </dev/null
refused "a template nobody uses" 'base/lonely.h:1: a header without include guard'
small
echo 'int tni_headless;' >"$work/small/src/db/head.c"
refused "a module without head" 'db/head.c:1: does not open with its name and purpose'
small
module base/a.h <<'EOF'
#ifndef TNI_A_H
#define TNI_A_H
#include "base/b.h"
#endif
EOF
module base/b.h <<'EOF'
#ifndef TNI_B_H
#define TNI_B_H
#include "base/a.h"
#endif
EOF
refused "headers in a circle" 'include each other in a circle'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
