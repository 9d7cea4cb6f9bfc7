#!/bin/sh
# The shell as its users see it: what it prints where, its dot commands, its exit codes.
# usage: TRUENO=./trueno sh tests/test_shell.sh

trueno=${TRUENO:-./trueno}
passed=0 failed=0 skipped=0
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
case $trueno in
/*) ;;
*) trueno=$(pwd)/$trueno ;;
esac
if [ ! -x "$trueno" ]; then
    echo "test_shell.sh: skipped: there is no $trueno"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
cd "$folder" || exit 1
unset PAGER VISUAL EDITOR

result() { # result OK NAME DETAILS
    if [ "$1" = yes ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "test_shell.sh: $2"
        printf '%s\n' "$3" | sed 's/^/    /'
    fi
}

# run NAME CODE EXPECTED ARGUMENT...: standard output and exit code, input from $input
input=
run() {
    name=$1 code=$2 expected=$3
    shift 3
    printf '%s' "$input" >in.txt
    "$trueno" "$@" <in.txt >out.txt 2>err.txt
    got_code=$?
    got=$(cat out.txt; printf x)
    ok=yes
    [ "$got" = "${expected}x" ] && [ "$got_code" = "$code" ] || ok=no
    result $ok "$name" "expected (exit $code):
$expected
got (exit $got_code):
${got%x}
$(cat err.txt)"
    input=
}

# err NAME TEXT: the standard error of the last run has TEXT
err() {
    ok=no
    grep -q -F -- "$2" err.txt && ok=yes
    result $ok "$1" "no \"$2\" in: $(cat err.txt)"
}

# same NAME GOT EXPECTED
same() {
    ok=no
    [ "$2" = "$3" ] && ok=yes
    result $ok "$1" "got: $2
expected: $3"
}

values="SELECT * FROM (VALUES (1, 'a|b,\"q\"', 1.5, true, NULL), (2, 'two
lines', -0.25, false, '')) t(i, s, d, b, n)"

# ---- modes ----

run "a box is the default" 0 "┌───────┬─────────┐
│   a   │    b    │
│ int32 │ varchar │
├───────┼─────────┤
│     1 │ x       │
│     2 │ NULL    │
└───────┴─────────┘
" -c "SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL ORDER BY a"

run "-table is ASCII" 0 "+-------+
|   a   |
| int32 |
+-------+
|     1 |
+-------+
" -table "SELECT 1 AS a"

run "CSV quotes what needs it, NULL is empty, the empty text is quoted" 0 'i,s,d,b,n
1,"a|b,""q""",1.50,true,
2,"two
lines",-0.25,false,""
' -csv -c "$values"

run "-noheader leaves the names out" 0 '1,"a|b,""q""",1.50,true,
2,"two
lines",-0.25,false,""
' -csv -noheader -c "$values"

run "another separator and another NULL" 0 'i;s;d;b;n
1;"a|b,""q""";1.50;true;\N
2;"two
lines";-0.25;false;""
' -csv -separator ';' -nullvalue '\N' -c "$values"

run "numbers print as short as they read back" 0 'a,b,c,d
0.1,1e+16,3.0,nan
' -csv -c "SELECT 0.1::DOUBLE AS a, 1e16 AS b, 3::DOUBLE AS c, 'NaN'::DOUBLE AS d"

run "-list" 0 "i|s
1|x
2|
" -list -c "SELECT 1 AS i, 'x' AS s UNION ALL SELECT 2, NULL ORDER BY i"

run "-tabs" 0 "i	s
1	x
" -tabs -c "SELECT 1 AS i, 'x' AS s"

run "-json" 0 '[
	{"i":1,"s":"x\"\\\n"},
	{"i":2,"s":null}
]
' -json -c "SELECT 1 AS i, 'x\"\\
' AS s UNION ALL SELECT 2, NULL ORDER BY i"

run "-json of no rows is an empty array" 0 '[
]
' -json -c "SELECT 1 AS a WHERE false"

run "-jsonlines" 0 '{"i":1,"b":true,"d":"2024-01-02"}
' -jsonlines -c "SELECT 1 AS i, true AS b, DATE '2024-01-02' AS d"

run "-markdown" 0 '| i | s    |
|--:|------|
| 1 | a\|b |
' -markdown -c "SELECT 1 AS i, 'a|b' AS s"

run "-line" 0 " i = 1
ab = x
" -line -c "SELECT 1 AS i, 'x' AS ab"

run "-column" 0 " i  ab
--  --
 1  x
10  yy
" -column -c "SELECT 1 AS i, 'x' AS ab UNION ALL SELECT 10, 'yy' ORDER BY i"

run "-html" 0 "<tr><th>s</th>
</tr>
<tr><td>a&lt;b&amp;c</td>
</tr>
" -html -c "SELECT 'a<b&c' AS s"

run "-insert" 0 "INSERT INTO t VALUES (1,'it''s',NULL,'2024-01-02'::DATE);
" -cmd ".mode insert t" -c "SELECT 1 AS a, 'it''s' AS b, NULL AS c, DATE '2024-01-02' AS d"

run "-quote" 0 "'a','b'
1,'x'
" -quote -c "SELECT 1 AS a, 'x' AS b"

run "a pipe gets every row" 0 "103" -c ".once n.txt" -c "SELECT * FROM range(98)" \
    -c ".shell wc -l <n.txt | tr -d ' \n'"

run ".maxrows leaves out the middle" 0 "8
" -cmd ".maxrows 4" -cmd ".mode box" -c ".once n.txt" -c "SELECT * FROM range(100)" \
    -c ".shell grep -c '[0-9·]  *│' n.txt"

# ---- statements ----

input="SELECT 1 AS a;
SELECT 2
  AS b; SELECT 3 AS c
"
run "statements come from standard input" 0 "a
1
b
2
c
3
" -csv

input="
SELECT ';' AS semicolon; -- not; here
/* nor ; here */ SELECT 2 AS b;
-- the end
"
run "semicolons in texts and comments end nothing" 0 "semicolon
;
b
2
" -csv

run "several SQL arguments" 0 "a
1
b
2
" -csv "SELECT 1 AS a" "SELECT 2 AS b"

printf 'SELECT 1 AS a;\n.print hello "two words"\nSELECT 2 AS b;\n' >script.sql
run "-f runs a file" 0 "a
1
hello two words
b
2
" -csv -f script.sql

run ".read runs a file" 0 "1
hello two words
2
" -list -noheader -c ".read script.sql"

run "no result, no output" 0 "" -csv -c "CREATE TABLE t AS SELECT 1 AS a"

# ---- failures ----

run "-c stops at the first failure, with code 1" 1 "1
1
" -csv -c "SELECT 1; SELECT nonsense; SELECT 2"
err "the failure goes to standard error" 'column "nonsense"'
err "with a caret" "^"

input="SELECT 1 AS a;
SELECT nonsense;
SELECT 2 AS b;
"
run "input goes on after a failure, the code is 1" 1 "a
1
b
2
" -csv
err "the failure names its line" "stdin:2:"

input="SELECT nonsense;
SELECT 2 AS b;
"
run "-bail stops" 1 "" -csv -bail

run "wrong usage is 2" 2 "" -nonsense
err "and says why" "unknown option -nonsense"
run "a missing value is 2" 2 "" -c
run "a missing file is 1" 1 "" -f missing.sql
err "and named" "missing.sql"
run ".exit gives its code" 7 "" -c ".exit 7"
run ".exit ends the input" 0 "1
1
" -csv -c "SELECT 1;
.exit" -c "SELECT 2"
run "an unknown command fails" 1 "" -c ".nonsense"
err "and points to .help" ".help"

"$trueno" -csv -c "SELECT * FROM range(3000000)" 2>err.txt | head -n 1 >out.txt
same "a reader that stops early is fine" "$(cat out.txt err.txt)" "range"
{ "$trueno" -csv -c "SELECT * FROM range(3000000)" 2>err.txt; echo $? >code.txt; } | head -n 1 >out.txt
same "with code 0" "$(cat code.txt)" "0"
if [ -w /dev/full ]; then
    "$trueno" -csv -c "SELECT 1" >/dev/full 2>err.txt
    same "a full disk is code 1" "$?" "1"
    err "and said" "cannot write"
fi

"$trueno" -c "SELECT count(*) FROM range(1000000000000)" >out.txt 2>err.txt &
child=$!
sleep 2
kill -INT $child 2>/dev/null
wait $child
code=$?
# a background process of a non-interactive shell may ignore SIGINT: then nothing was tested
if [ "$code" = 130 ]; then
    same "an interrupt is code 130" "$code" "130"
    err "and said" "Interrupted"
else
    kill -KILL $child 2>/dev/null
    echo "test_shell.sh: skipped: this shell starts its children without SIGINT"
    skipped=$((skipped + 1))
fi

"$trueno" -c "EXPLAIN SELECT range FROM range(3) WHERE range > 1" >out.txt 2>err.txt
same "a plan is printed as the lines it has" "$(head -n 1 out.txt | cut -c 1-16)" "FILTER range > 1"

# ---- commands ----

run ".tables and .schema" 0 't  v
CREATE TABLE t(a BIGINT, "B c" VARCHAR);
CREATE VIEW v AS SELECT a FROM t;
' -c "CREATE TABLE t AS SELECT range AS a, 'x' AS \"B c\" FROM range(2)" \
    -c "CREATE VIEW v AS SELECT a FROM t" -c ".tables" -c ".schema"

"$trueno" -c "CREATE TABLE t AS SELECT 1 AS a, 'it''s' AS b, DATE '2024-01-02' AS c, NULL::DOUBLE AS d" \
    -c ".once dump.sql" -c ".dump" >out.txt 2>err.txt
"$trueno" -c ".output dump.sql" -c "CREATE TABLE t AS SELECT 1 AS a, 'it''s' AS b, DATE '2024-01-02' AS c, NULL::DOUBLE AS d" \
    -c ".dump" >out.txt 2>err.txt
run "what .dump writes makes the table again" 0 "1|it's|2024-01-02|NIL
" -list -noheader -nullvalue NIL -f dump.sql -c "SELECT * FROM t"

printf 'a,b\n1,x\n2,y\n' >data.csv
run ".import makes a table, then adds to it" 0 "4
" -list -noheader -c ".import data.csv t" -c ".import data.csv t" -c "SELECT count(*) FROM t"

run ".output and .once" 0 "3
" -list -noheader -c ".output o.txt" -c "SELECT 1" -c ".output" -c ".once p.txt" -c "SELECT 2" \
    -c "SELECT 3"
same ".output wrote" "$(cat o.txt)" "1"
same ".once wrote" "$(cat p.txt)" "2"

run ".output to a program" 0 "b
a
" -list -noheader -c ".output |sort -r" -c "SELECT 'a'; SELECT 'b'"

run ".mode names the mode" 0 "current output mode: csv
" -c ".mode csv" -c ".mode"
run ".mode refuses others" 1 "" -c ".mode nonsense"
err "and lists them" "jsonlines"

run ".separator" 0 "1 - 2
" -list -noheader -c '.separator " - "' -c "SELECT 1, 2"

run ".nullvalue, .headers" 0 "-
" -list -c ".nullvalue -" -c ".headers off" -c "SELECT NULL"

run ".echo" 0 "SELECT 1;
1
" -list -noheader -c ".echo on" -c "SELECT 1;"

run ".changes" 0 "changes: 3
" -c "CREATE TABLE t(a BIGINT)" -c ".changes on" -c "INSERT INTO t SELECT * FROM range(3)"

run ".log writes statements down" 0 "1
" -list -noheader -c ".log log.txt" -c "SELECT 1"
same "the log" "$(cat log.txt)" "SELECT 1"

run ".timer speaks on standard error" 0 "1
" -list -noheader -c ".timer on" -c "SELECT 1"
err ".timer" "Run Time (s): real "

run ".chart bar" 0 "v
a │█████ 3
b │██████████ 6
" -list -noheader -c ".output /dev/null" -c "SELECT 'a' AS s, 3 AS v UNION ALL SELECT 'b', 6 ORDER BY s" \
    -c ".width 12" -c ".output" -c ".chart bar"

run ".chart without a result" 1 "" -c ".chart"
same ".devices ends with what queries use" \
    "$("$trueno" -c ".devices" 2>&1 | tail -n 1 | grep -c -E '^(queries|no GPU)')" 1
same ".devices without a Vulkan driver" \
    "$(VK_ICD_FILENAMES=/nowhere VK_DRIVER_FILES=/nowhere "$trueno" -c ".devices" 2>&1 | grep -c '^no GPU: ')" 1
run ".open says where databases live" 1 "" -c ".open x.db"
err "in memory" "memory"
run ".last prints again" 0 "1
1
" -list -noheader -c "SELECT 1" -c ".last"
run ".shell" 0 "hello
" -c ".shell echo hello"
run "-safe starts no program" 1 "" -safe -c ".shell echo hello"
run "-safe reads no file" 1 "" -safe -c "SELECT * FROM 'data.csv'"

"$trueno" -c ".help" >out.txt 2>err.txt
for command in help tables schema mode headers nullvalue separator output once read import open \
    timer width maxrows bail echo print shell show dump prompt progress exit quit log edit pager \
    devices functions chart; do
    grep -q "^\.$command " out.txt || same ".help lists .$command" "no" "yes"
done
passed=$((passed + 1))
"$trueno" -c ".show" >out.txt 2>err.txt
same ".show" "$(grep -c ': ' out.txt)" "13"
"$trueno" -help >out.txt
same "-help" "$(head -n 1 out.txt | cut -c 1-13)" "usage: trueno"
"$trueno" -c ".functions substr" >out.txt
same ".functions" "$(head -n 1 out.txt | cut -c 1-6)" "substr"

# ---- how much it asks of the system ----

if command -v strace >/dev/null 2>&1 &&
    strace -f -o trace.txt "$trueno" -c "SELECT 1" >/dev/null 2>&1; then
    calls=$(grep -c '(' trace.txt)
    ok=no
    [ "$calls" -le 60 ] && ok=yes
    result $ok "SELECT 1 takes at most 60 system calls" "$calls"
else
    echo "test_shell.sh: skipped: no strace to count system calls"
    skipped=$((skipped + 1))
fi

# ---- on a terminal ----

if command -v python3 >/dev/null 2>&1; then
    cat >terminal.py <<'PYTHON'
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM="xterm", TRUENO_HISTORY="history.txt")
    os.execv(sys.argv[1], [sys.argv[1]])
out = b""
def drain(until, seconds):
    global out
    end = time.time() + seconds
    while time.time() < end and until not in out:
        if select.select([fd], [], [], 0.05)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                return
            out += data
def say(keys, until, seconds=10):
    global out
    out = b""
    os.write(fd, keys)
    drain(until, seconds)
    return until in out
checks = []
drain(b"trueno> ", 10)
checks.append(("a statement over two lines", say(b"SELECT 40 +\n", b"...> ") and say(b"2 AS x;\n", b"42")))
drain(b"> ", 2)
checks.append(("Ctrl-C drops the line", say(b"SELECT 5,\n", b"...> ") and say(b"nonsense\x03", b"trueno> ")))
checks.append(("and the next one runs", say(b"SELECT 6 * 7 AS y;\n", b"42")))
drain(b"> ", 2)
say(b"SELECT count(*) FROM range(1000000000000);\n", b"never", 3.0)
checks.append(("Ctrl-C stops a query", say(b"\x03", b"Interrupted", 60)))
drain(b"> ", 2)
os.write(fd, b".exit 3\n")
time.sleep(0.3)
status = os.waitpid(pid, 0)[1]
checks.append((".exit's code", os.waitstatus_to_exitcode(status) == 3))
history = open("history.txt").read()
checks.append(("the history holds whole statements", "SELECT 40 +\\n2 AS x;\n" in history))
for name, ok in checks:
    print("yes" if ok else "no", name)
PYTHON
    python3 terminal.py "$trueno" >terminal.txt 2>&1
    while read -r ok name; do
        result "$ok" "terminal: $name" "$(cat terminal.txt)"
    done <terminal.txt
else
    echo "test_shell.sh: skipped: no python3 to play a terminal"
    skipped=$((skipped + 1))
fi

printf '%d passed, %d failed' "$passed" "$failed"
[ "$skipped" -gt 0 ] && printf ', %d skipped' "$skipped"
printf '\n'
[ "$failed" -eq 0 ]
