#!/bin/sh
# trueno_db.h as a stranger's file: it stands alone, exports only trueno_*, leaves no macro behind,
# may be included in any order and twice, and two static copies live in one program. Compiled
# without optimisation: this is about text, not speed.

cc=${CC:-cc}
passed=0 failed=0 skipped=0
top=$(pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cp trueno_db.h "$work"/
[ -f trueno_db_spirv.h ] && cp trueno_db_spirv.h "$work"/
cd "$work" || exit 1
warnings='-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-qual -Werror'
libraries=
case $(uname -s) in Linux) libraries='-lpthread -ldl' ;; esac

check() { # WHAT STATUS
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "tests/test_header.sh: $1"
        [ -s log ] && head -n 30 log
    fi
}

cat >use.c <<'EOF'
#include "trueno_db.h"
#include <stdio.h>
int main(void) {
    trueno_db *db = NULL;
    trueno_result *r;
    int code = 1;
    if (trueno_open(NULL, &db) != TRUENO_OK) {
        return 2;
    }
    r = trueno_query(db, "SELECT 40 + 2 AS answer");
    if (trueno_result_status(r) == TRUENO_OK && trueno_get_int64(r, 0, 0) == 42) {
        code = 0;
    } else {
        puts(trueno_result_error(r));
    }
    trueno_result_free(r);
    trueno_close(db);
    return code;
}
EOF
printf '#define TRUENO_DB_IMPLEMENTATION\n#include "trueno_db.h"\n' >one.c
printf '#include "trueno_db.h"\n#include "trueno_db.h"\n#define TRUENO_DB_IMPLEMENTATION\n' >two.c
printf '#include "trueno_db.h"\n#include "trueno_db.h"\n' >>two.c
printf '#define TRUENO_STATIC\n#define TRUENO_DB_IMPLEMENTATION\n' >static1.c
cp static1.c static2.c
cat use.c >>static1.c
printf '#include "trueno_db.h"\nconst char *other(void);\n' >>static2.c
printf 'const char *other(void) { return trueno_version(); }\n' >>static2.c

$cc -std=c11 $warnings -Wstrict-prototypes -c use.c -o use.o 2>log
check "the interface alone compiles without a warning" $?
printf '#include "trueno_db.h"\nint main(void) { return 0; }\n' >only.c
$cc -std=c99 -Wall -Wextra -Wpedantic -Werror -c only.c -o only.o 2>log
check "the interface alone is C99" $?
$cc -std=c11 $warnings -O0 -c one.c -o one.o 2>log
check "the implementation compiles without a warning" $?
$cc use.o one.o $libraries -o use 2>log && ./use >log 2>&1
check "a program without -lm links and answers" $?

if command -v nm >/dev/null 2>&1; then
    nm -g --defined-only one.o 2>/dev/null | awk 'NF == 3 && $3 !~ /^_?trueno_/ { print $3 }' >log
    [ ! -s log ]
    check "only trueno_* is exported" $?
    sed -n '/^TRUENO_API/,/;/p' trueno_db.h | sed '/^#if defined(TRUENO_DB_IMPLEMENTATION)/q' |
        grep -o -E 'trueno_[a-z0-9_]+\(' | tr -d '(' | sort -u >declared
    nm -g --defined-only one.o 2>/dev/null | awk 'NF == 3 { sub(/^_/, "", $3); print $3 }' |
        sort -u >defined
    diff declared defined >log
    check "every declared function is defined" $?
    nm -u one.o 2>/dev/null | grep -w -E 'printf|puts|exit|abort|malloc|realloc|signal|system' >log
    [ ! -s log ]
    check "nothing prints, exits, or allocates past the hook" $?
    nm -f sysv one.o 2>/dev/null | awk -F '|' '{ gsub(/ /, "", $1); gsub(/ /, "", $7) }
        $7 ~ /^\.(t?data|t?bss)/ && $7 !~ /^\.data\.rel\.ro/ { print $7, $1 }' >log
    [ ! -s log ]
    check "there is no writable global" $?
else
    skipped=$((skipped + 1))
    echo "skipped: symbols: there is no nm"
fi
$cc -dM -E one.c 2>/dev/null | grep -i -E 'define tni_' >log
[ ! -s log ]
check "no macro TNI_* is left" $?
$cc -O0 -c two.c -o two.o 2>log
check "included twice before and after the define" $?
$cc -O0 -Wall -Wextra -Werror static1.c static2.c $libraries -o static 2>log && ./static >log 2>&1
check "two static copies in one program" $?
cd "$top" || exit 1

printf '%d passed, %d failed' "$passed" "$failed"
[ "$skipped" -gt 0 ] && printf ', %d skipped' "$skipped"
printf '\n'
[ "$failed" -eq 0 ]
