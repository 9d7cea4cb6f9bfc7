#!/bin/sh
# trueno_db.h under other compilers, languages and processors: each build must compile without a
# warning and print the same answers, byte for byte (tests/portable.c). What is not installed is
# skipped with a reason. `make portability`; PORTABILITY="gcc-c11 m32" picks builds by name.

build=${BUILD:-build}/portability
wanted=${PORTABILITY:-}
passed=0 failed=0 skipped=0
warnings='-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-qual -Werror'
mkdir -p "$build" || exit 1
reference=
limit=
command -v timeout >/dev/null 2>&1 && limit='timeout 300'
libraries=
case $(uname -s) in Linux) libraries='-lpthread -ldl' ;; esac

skip() {
    skipped=$((skipped + 1))
    printf '%-12s skipped: %s\n' "$1" "$2"
}

works() { # COMPILER...: can it build a program at all?
    printf '#include <errno.h>\n#include <stdio.h>\nint main(void) { return errno; }\n' >"$build/t.c"
    "$@" "$build/t.c" -o "$build/t.out" >/dev/null 2>&1
}

# build NAME RUNNER LIBRARIES COMPILER FLAGS...   (RUNNER "" runs it as it is)
build() {
    name=$1 runner=$2 libs=$3
    shift 3
    if [ -n "$wanted" ]; then
        case " $wanted " in *" $name "*) ;; *) return ;; esac
    fi
    if ! command -v "$1" >/dev/null 2>&1; then
        skip "$name" "there is no $1"
        return
    fi
    case $name in
    *c++*) tried=true ;;
    *) works "$@" && tried=true || tried=false ;;
    esac
    if ! $tried; then
        skip "$name" "$* cannot build a program here"
        return
    fi
    start=$(date +%s)
    if ! "$@" $warnings -I. tests/portable.c $libs -o "$build/$name.exe" 2>"$build/$name.log"; then
        failed=$((failed + 1))
        printf '%-12s FAILED to compile: %s\n' "$name" "$*"
        head -n 20 "$build/$name.log" | sed 's/^/    /'
        return
    fi
    took=$(($(date +%s) - start))
    if [ "$runner" = none ]; then
        passed=$((passed + 1))
        printf '%-12s ok: compiles in %d s; nothing here runs it\n' "$name" "$took"
        return
    fi
    if ! $limit $runner "$build/$name.exe" >"$build/$name.raw" 2>"$build/$name.log"; then
        failed=$((failed + 1))
        printf '%-12s FAILED to run\n' "$name"
        tail -n 20 "$build/$name.raw" "$build/$name.log" | sed 's/^/    /'
        return
    fi
    tr -d '\r' <"$build/$name.raw" >"$build/$name.txt" # Windows writes text with CRLF
    [ -n "$reference" ] || reference=$build/$name.txt
    if cmp -s "$reference" "$build/$name.txt"; then
        passed=$((passed + 1))
        printf '%-12s ok: compiles in %d s, same answers\n' "$name" "$took"
    else
        failed=$((failed + 1))
        printf '%-12s FAILED: other answers than %s\n' "$name" "$(basename "$reference" .txt)"
        diff "$reference" "$build/$name.txt" | head -n 20 | sed 's/^/    /'
    fi
}

# where the headers of the 64-bit system serve -m32 too, when gcc-multilib's link to them is gone
asm=
[ -e /usr/include/asm ] || asm='-isystem /usr/include/x86_64-linux-gnu'
wine=none
for w in wine64 wine /usr/lib/wine/wine64; do
    command -v "$w" >/dev/null 2>&1 && wine="env WINEDEBUG=-all $w" && break
done
qemu=none
for q in qemu-aarch64 qemu-aarch64-static; do
    command -v "$q" >/dev/null 2>&1 && qemu="$q -L /usr/aarch64-linux-gnu" && break
done
[ "$(uname -m)" = aarch64 ] && qemu=

build gcc-c11 "" "$libraries" gcc -std=c11 -O2 -Wstrict-prototypes
build gcc-c++17 "" "$libraries" g++ -x c++ -std=c++17 -O1 -Wold-style-cast -Wuseless-cast
build gcc-gnu11 "" "$libraries" gcc -std=gnu11 -O0 -funsigned-char
build gcc-native "" "$libraries" gcc -std=c11 -O3 -march=native
for clang in clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do
    command -v "$clang" >/dev/null 2>&1 && break
done
build clang-c11 "" "$libraries" "$clang" -std=c11 -O2 -Wstrict-prototypes
build clang-c++17 "" "$libraries" "$clang" -x c++ -std=c++17 -O1 -Wold-style-cast
build m32 "" "$libraries" gcc -m32 -std=c11 -O1 -msse2 -mfpmath=sse $asm
build aarch64 "$qemu" "$libraries" aarch64-linux-gnu-gcc -std=c11 -O2
build mingw64 "$wine" "" x86_64-w64-mingw32-gcc -std=c11 -O1

printf '%d passed, %d failed' "$passed" "$failed"
[ "$skipped" -gt 0 ] && printf ', %d skipped' "$skipped"
printf '\n'
[ "$failed" -eq 0 ]
