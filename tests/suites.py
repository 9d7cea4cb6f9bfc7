#!/usr/bin/env python3
"""The benchmark suites and the shared data files, answered here and by duckdb: rows equal.

usage: suites.py [--only TEXT] [--rows N] [-v]     (run through test_suites.sh)

- ClickBench's 43 queries over a generated table of its shape, h2o's group-by questions, TPC-H's
  single-table queries, from shared/sql;
- every Parquet and CSV file of shared/data that both can read: types, NULLs and values.

A query with LIMIT is asked three ways: without it (same rows, any order), with every output column
added to its ORDER BY (same rows, same order), and as it stands (rows of the full answer, in order
of the keys). --only runs the checks whose name contains TEXT.
"""
import argparse
import collections
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import duckdb

import trueno

FEATURES = ("join", "subquer", "window", "UNION", "EXCEPT", "INTERSECT", "set operation")


class Tally:
    def __init__(self, only, verbose):
        self.only, self.verbose = only, verbose
        self.passed = self.failed = self.skipped = 0
        self.reasons = collections.Counter()

    def wants(self, name):
        return not self.only or self.only in name

    def ok(self, name):
        self.passed += 1
        if self.verbose:
            print(f"{name}: ok")

    def fail(self, name, why):
        self.failed += 1
        print(f"{name}: {why}\n    repeat: tests/suites.py --only '{name}'", flush=True)

    def skip(self, name, why):
        self.skipped += 1
        self.reasons[why] += 1
        if self.verbose:
            print(f"{name}: skipped: {why}")


ANSWERS = {}  # duckdb's, by connection and SQL: the suites ask twice


def theirs(connection, sql):
    key = (id(connection), sql)
    if key not in ANSWERS:
        ANSWERS[key] = ask(connection, sql)
    return ANSWERS[key]


def ask(connection, sql):
    cursor = connection.execute(sql)
    names = [d[0] for d in cursor.description]
    types = [str(d[1]) for d in cursor.description]
    rows = [tuple(trueno.foreign(v) for v in row) for row in cursor.fetchall()]
    return names, types, rows


def read_queries(path):
    """{'q01': sql}, statements under lines `-- qNN`."""
    found, name = {}, None
    for line in open(path, encoding="utf-8"):
        match = re.match(r"-- (q\d+)\s*$", line)
        if match:
            name = match.group(1)
            found[name] = ""
        elif name and not line.startswith("--"):
            found[name] += line
    return {k: v.strip().rstrip(";") for k, v in found.items()}


LIMIT = re.compile(r"\s+LIMIT\s+\d+(\s+OFFSET\s+\d+)?\s*$", re.I)
ORDER = re.compile(r"\s+ORDER\s+BY\s+((?:[^()]|\([^()]*\))*)$", re.I)


def same_query(ours, connection, sql, ordered):
    mine = ours.query(sql)
    names, types, rows = theirs(connection, sql)
    if mine.names != names:
        return f"names {mine.names}, expected {names}"
    if mine.types != types:
        return f"types {mine.types}, expected {types}"
    return trueno.compare(mine.rows, rows, ordered)


def close_row(row):
    return tuple("%.7e" % v if isinstance(v, float) else v for v in row)


def check_limited(ours, connection, sql, whole):
    """As it stands: right number of rows, all of them in the full answer, keys in order."""
    mine = ours.query(sql).rows
    names, _, limited = theirs(connection, sql)
    if len(mine) != len(limited):
        return f"{len(mine)} rows, expected {len(limited)}"
    heads = set(r[0] for r in mine)
    full = set(close_row(r) for r in theirs(connection, whole)[2] if r[0] in heads)
    for row in mine:
        if close_row(row) not in full:
            return f"a row that the answer without LIMIT lacks: {row}"
    order = ORDER.search(LIMIT.sub("", sql))
    for term in re.split(r",\s*", order.group(1)) if order else []:
        term = re.sub(r"\s+(asc|desc)\s*$", "", term, flags=re.I).strip()
        places = [i for i, n in enumerate(names) if n.lower() == term.lower()]
        if not places:
            break
        got = [r[places[0]] for r in mine]
        wanted = [r[places[0]] for r in limited]
        if any(not trueno.same(a, b) for a, b in zip(got, wanted)):
            return f"keys {got}, expected {wanted}"
    return None


def check_query(ours, connection, sql):
    if not LIMIT.search(sql):
        return same_query(ours, connection, sql, False)
    whole = LIMIT.sub("", sql)
    width = len(theirs(connection, f"{whole} LIMIT 0")[0])
    ordinals = ", ".join(str(i + 1) for i in range(width))
    order = ORDER.search(whole)
    total = f"{whole}, {ordinals}" if order else f"{whole} ORDER BY {ordinals}"
    total += LIMIT.search(sql).group(0)
    without = ORDER.sub("", whole) if order else whole
    wide = width > 50
    return (not wide and same_query(ours, connection, without, False)) or \
        same_query(ours, connection, total, True) or \
        check_limited(ours, connection, sql, whole)


def run_suite(tally, name, queries, ours, connection):
    for label, sql in queries.items():
        case = f"{name} {label}"
        if not tally.wants(case):
            continue
        began = time.time()
        try:
            why = check_query(ours, connection, sql)
        except trueno.Error as error:
            if error.status == "not supported" and any(f in error.message for f in FEATURES):
                tally.skip(case, f"{error}")
                continue
            why = str(error)
        if why:
            tally.fail(case, f"{why}\n    {sql}")
        else:
            tally.ok(f"{case} in {time.time() - began:.2f} s")


def run_suites(tally, library, rows):
    shared = os.path.join(trueno.SHARED, "sql")
    folder = os.path.join(tempfile.gettempdir(), f"trueno_suites_{rows}_{os.getuid()}")
    generator = os.path.join(trueno.ROOT, "bench", "generate.py")
    connection = duckdb.connect()
    ours = trueno.open(library)
    if os.path.exists(generator):
        subprocess.run([sys.executable, generator, folder, str(rows)], check=True,
                       stdout=subprocess.DEVNULL)
        for table, file in [("hits", "hits"), ("x", "h2o")]:
            path = glob.glob(f"{folder}/**/{file}.parquet", recursive=True)[0]
            view = f"CREATE VIEW {table} AS SELECT * FROM '{path}'"
            connection.execute(view)
            ours.query(view)
        run_suite(tally, "clickbench", read_queries(f"{shared}/clickbench.sql"), ours, connection)
        run_suite(tally, "h2o", read_queries(f"{shared}/h2o_groupby.sql"), ours, connection)
        # again from memory, where columns are encoded and dictionaries shared
        for table in ("hits", "x"):
            ours.query(f"CREATE TABLE {table}_copy AS FROM {table}")
            ours.query(f"DROP VIEW {table}")
            ours.query(f"CREATE VIEW {table} AS FROM {table}_copy")
        run_suite(tally, "clickbench table", read_queries(f"{shared}/clickbench.sql"), ours,
                  connection)
        run_suite(tally, "h2o table", read_queries(f"{shared}/h2o_groupby.sql"), ours, connection)
    else:
        tally.skip("clickbench", f"{generator} is missing")
    for path in sorted(glob.glob(f"{shared}/data/tpch_sf0.01/*.parquet")):
        view = f"CREATE VIEW {os.path.basename(path)[:-8]} AS FROM '{path}'"
        connection.execute(view)
        ours.query(view)
    for texts in ("tpch", "tpch_spec"):
        queries = read_queries(f"{shared}/{texts}.sql")
        run_suite(tally, texts, {k: queries[k] for k in ("q01", "q06")}, ours, connection)


# ---- files ----

def flat(types):
    return not any(t.endswith("]") or t.startswith(("STRUCT", "MAP", "UNION", "VARIANT", "ENUM"))
                   for t in types)


def quote(name):
    return '"' + name.replace('"', '""') + '"'


def text_columns(columns):
    """Dates and times as text: Python's types hold less than theirs. Intervals, UUIDs too."""
    items = []
    for i, kind in enumerate(columns):
        number = kind.split("(")[0] in ("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT",
                                        "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT",
                                        "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR", "BLOB")
        moment = "::TIMESTAMPTZ" if kind == "TIMESTAMPTZ_NS" else ""  # ours has microseconds
        items.append(f"c{i}" if number else f"c{i}{moment}::VARCHAR")
    return ", ".join(items)


def check_file(ours, connection, source):
    names, types, _ = theirs(connection, f"SELECT * FROM {source} LIMIT 0")
    if len(set(n.lower() for n in names)) != len(names):
        names = None
    mine = ours.query(f"SELECT * FROM {source} LIMIT 0")
    if names is not None and mine.names != names:
        return f"names {mine.names}, expected {names}"
    if [SAME_TYPE.get(t, t) for t in mine.types] != [SAME_TYPE.get(t, t) for t in types]:
        return f"types {mine.types}, expected {types}"
    aliases = ", ".join(f"c{i}" for i in range(len(types)))
    # duckdb gets a table between, or it reads the file's own text for a cast
    connection.execute(f"CREATE OR REPLACE TABLE whole AS SELECT * FROM {source}")
    sql = f"SELECT {text_columns(types)} FROM (SELECT * FROM %s) AS t({aliases})"
    mine = ours.query(sql % source)
    return trueno.compare(mine.rows, ask(connection, sql % "whole")[2], True)


SAME_TYPE = {"UUID": "VARCHAR", "TIME_NS": "TIME", '"NULL"': "INTEGER",
             "TIMESTAMPTZ_NS": "TIMESTAMP WITH TIME ZONE"}

# Where we mean to differ, and why.
DIFFERENT = {
    "parquet/duckdb/timetz-nanos.parquet": "TIME WITH TIME ZONE reads as TIME in UTC",
    "parquet/parquet-dotnet/fixed_len_byte_array_with_dict.parquet":
        "TIME WITH TIME ZONE reads as TIME in UTC",
    "parquet/duckdb/bigdecimal.parquet": "DECIMAL of more than 38 digits is refused",
    "csv/duckdb/versions.csv": "versions are no dates",
    "csv/generated/type-traps.csv":
        "a file may have dates in two formats; 0xFF stays text, which it cannot become again",
    "parquet/hyparquet/strings.parquet": "a list's leaf without repetition_type",
    "parquet/parquet-testing/datapage_v1-corrupt-checksum.parquet": "page CRCs are checked",
    "parquet/parquet-testing/rle-dict-uncompressed-corrupt-checksum.parquet":
        "page CRCs are checked",
    "parquet/parquet-testing/int96_from_spark.parquet": "duckdb wraps the far dates",
}


def read_expected():
    """{'csv/duckdb/x.csv': (outcome, options)} of the CSV files."""
    path = os.path.join(trueno.SHARED, "data", "csv", "expected.json")
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        files = json.load(file)["files"]
    return {"csv/" + f["file"]: (f["outcome"], f.get("options") or {}) for f in files}


def literal(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def file_source(path, case, expected):
    """The table function for the file, or None with the reason to leave it out."""
    if case in DIFFERENT:
        return None, DIFFERENT[case]
    if case.startswith("parquet/") and not path.endswith(".csv"):
        return f"read_parquet('{path}')", None
    outcome, options = expected.get(case, ("ok", {}))
    if not outcome.startswith("ok"):
        return None, f"outcome {outcome}"
    given = "".join(f", {k} = {literal(v)}" for k, v in options.items())
    return f"read_csv('{path}'{given})", None


def run_files(tally, library):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    ours = trueno.open(library)
    folder = os.path.join(trueno.SHARED, "data")
    expected = read_expected()
    paths = [p for p in sorted(glob.glob(f"{folder}/*/*/*")) if os.path.isfile(p) and
             "/fuzz/" not in p and "LICENSES" not in p and not p.endswith((".json", ".md"))]
    for path in paths:
        case = os.path.relpath(path, folder)
        if not tally.wants(case):
            continue
        source, reason = file_source(path, case, expected)
        if source is None:
            tally.skip(case, reason)
            continue
        try:
            if not flat(theirs(connection, f"SELECT * FROM {source} LIMIT 0")[1]):
                tally.skip(case, "nested columns")
                continue
            ask(connection, f"SELECT * FROM {source}")
        except Exception as error:  # any failure of the other engine
            tally.skip(case, "duckdb: " + type(error).__name__)
            continue
        try:
            why = check_file(ours, connection, source)
        except trueno.Error as error:
            if error.status == "not supported":
                tally.skip(case, f"{error}")
                continue
            why = str(error)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
        if why:
            tally.fail(case, why)
        else:
            tally.ok(case)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    library = trueno.Library(trueno.build(os.environ.get("BUILD", "build")))
    trueno.compared_with(duckdb)
    tally = Tally(options.only, options.verbose)
    run_suites(tally, library, options.rows)
    ANSWERS.clear()
    run_files(tally, library)
    for why, count in sorted(tally.reasons.items()):
        print(f"skipped: {count} x {why[:160]}")
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
