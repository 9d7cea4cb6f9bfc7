#!/usr/bin/env python3
"""Make the benchmark tables: h2o group-by (G1), ClickBench's shape, floats, groups, a CSV file.

Usage: generate.py DIRECTORY [rows]   (default 10,000,000). Needs duckdb (PyPI). Deterministic.
run.py calls make() for the tables that a run needs.
"""
import os
import re
import sys

import duckdb

H2O = """
SELECT format('id{{:03d}}', 1 + (hash(i * 7 + 1) % {k})::INT) AS id1,
       format('id{{:03d}}', 1 + (hash(i * 7 + 2) % {k})::INT) AS id2,
       format('id{{:010d}}', 1 + (hash(i * 7 + 3) % {nk})::INT) AS id3,
       1 + (hash(i * 7 + 4) % {k})::INT AS id4,
       1 + (hash(i * 7 + 5) % {k})::INT AS id5,
       1 + (hash(i * 7 + 6) % {nk})::INT AS id6,
       1 + (hash(i * 11 + 1) % 5)::INT AS v1,
       1 + (hash(i * 11 + 2) % 15)::INT AS v2,
       round((hash(i * 11 + 3) % 100000000) / 1000000.0, 6)::DOUBLE AS v3
FROM range({n}) t(i)
"""

# Columns that some ClickBench query reads get a distribution like the real table's (many empty
# strings, Zipf-like ids and URLs); the others are constants or small numbers, as most of them are.
SHAPES = {
    "WatchID": "hash(i * 3 + 1)::UBIGINT::HUGEINT % 9000000000000000000",
    "Title": "CASE WHEN z1 < 0.15 THEN '' ELSE concat('Page about ', W(t, 1), ' ', t, CASE WHEN t % 101 = 0 THEN ' - Google' ELSE ' - news and prices' END) END",
    "EventTime": "TIMESTAMP '2013-07-01 00:00:00' + to_seconds((z3 * 2678399)::BIGINT)",
    "EventDate": "(TIMESTAMP '2013-07-01 00:00:00' + to_seconds((z3 * 2678399)::BIGINT))::DATE",
    "CounterID": "CASE WHEN z4 < 0.02 THEN 62 ELSE (z4 * z4 * z4 * 6500)::INT END",
    "ClientIP": "(hash((z5 * z5 * 1500000)::BIGINT * 5 + 3) % 4294967296)::BIGINT - 2147483648",
    "RegionID": "(z6 * z6 * z6 * 9000)::INT",
    "UserID": "(hash((z5 * z5 * 1700000)::BIGINT) % 9000000000000000000)::BIGINT",
    "URL": "concat('http://', W(u, 2), '.ru/', CASE WHEN u % 2503 = 0 THEN 'google/' ELSE '' END, W(u, 3), '/', u, '?id=', u % 977)",
    "Referer": "CASE WHEN z8 < 0.19 THEN '' ELSE concat(CASE WHEN r % 3 = 0 THEN 'http://www.' ELSE 'https://' END, W(r, 4), CASE WHEN r % 4 = 0 THEN '' ELSE (r % 3000)::VARCHAR END, '.com/', W(r, 5), '/', r) END",
    "IsRefresh": "(z2 < 0.12)::INT", "DontCountHits": "(z1 > 0.85)::INT",
    "ResolutionWidth": "[0, 1024, 1280, 1366, 1440, 1600, 1638, 1680, 1750, 1920, 1996][1 + (z1 * 10.99)::INT % 11]",
    "SearchPhrase": "CASE WHEN z9 < 0.87 THEN '' ELSE concat(W(p, 6), ' ', W(p, 7), ' ', p) END",
    "MobilePhone": "CASE WHEN z2 < 0.95 THEN 0 ELSE (z9 * 80)::INT END",
    "MobilePhoneModel": "CASE WHEN z2 < 0.95 THEN '' ELSE concat('model ', (z9 * z9 * 160)::INT) END",
    "TraficSourceID": "[-1, 0, 1, 2, 3, 5, 6][1 + (z8 * 6.99)::INT % 7]",
    "SearchEngineID": "CASE WHEN z9 < 0.87 THEN 0 ELSE (z8 * z8 * 50)::INT END",
    "AdvEngineID": "CASE WHEN z6 < 0.994 THEN 0 ELSE (z7 * 50)::INT END",
    "WindowClientWidth": "(z5 * 2000)::INT", "WindowClientHeight": "(z6 * 1200)::INT",
    "URLHash": "CASE WHEN z4 < 0.01 THEN 2868770270353813622 ELSE (hash((z7 * z7 * z7 * 1800000)::INT) % 9000000000000000000)::BIGINT END",
    "RefererHash": "CASE WHEN z8 < 0.02 THEN 3594120000172545465 ELSE (hash((z8 * z8 * 1500000)::INT) % 9000000000000000000)::BIGINT END",
    "IsLink": "(z1 < 0.03)::INT", "IsDownload": "(z2 < 0.005)::INT",
}


def hits(schema, n):
    items = []
    for name, kind in schema:
        expression = SHAPES.get(name)
        if expression is None:
            if "CHAR" in kind or "TEXT" in kind:
                expression = "''"
            elif "TIMESTAMP" in kind:
                expression = "TIMESTAMP '2013-07-15 12:00:00'"
            elif "DATE" in kind:
                expression = "DATE '2013-07-15'"
            else:
                expression = f"(hash(i * 13 + {len(items)}) % 3)::INT"
        items.append(f"({expression})::{kind} AS {name}")
    uniform = ", ".join(f"(hash(i * 31 + {k}) % 1000003) / 1000003.0 AS z{k}" for k in range(1, 10))
    words = ("['alpha','beta','gamma','delta','news','auto','film','music','shop','game','book',"
             "'travel']")
    ids = ("(z1 * z1 * z1 * 400000)::INT AS t, (z7 * z7 * z7 * 1800000)::INT AS u, "
           "(z8 * z8 * z8 * 1500000)::INT AS r, (z9 * z9 * z9 * z9 * 700000)::INT AS p")
    pick = words + r"[1 + (hash(\1 * 41 + \2) % 12)::INT]"
    columns = re.sub(r"\bW\((\w), (\d)\)", pick, ", ".join(items))
    source = f"SELECT i, {uniform} FROM range({n}) t(i)"
    return f"SELECT {columns} FROM (SELECT *, {ids} FROM ({source}))"


NO_COLUMNS = ("CREATE", "LOAD", "COPY", "INSERT", "PRIMARY")


def read_schema(path):
    columns = []
    for line in open(path, encoding="utf-8"):
        words = line.strip().rstrip(",").split()
        if len(words) >= 2 and words[0].isidentifier() and words[0].upper() not in NO_COLUMNS:
            kind = words[1].rstrip(",;)")
            text = kind.upper().startswith(("VARCHAR", "CHAR", "TEXT"))
            columns.append((words[0], "VARCHAR" if text else kind.upper()))
    return columns


GROUPED = """
SELECT (hash(i * 5 + 1) % 100000)::INT AS k, concat('group ', hash(i * 5 + 2) % 1001) AS s,
       (hash(i * 5 + 3) % 1000000000) / 1000003.0 AS v
FROM range({n}) t(i)
"""
SALES = """
SELECT i AS id, '2026-01-01'::DATE + (hash(i * 3 + 1) % 365)::INT AS day,
       concat('category ', hash(i * 3 + 2) % 1001) AS category,
       ((hash(i * 3 + 3) % 1000000) / 100.0)::DECIMAL(8, 2) AS price
FROM range({n}) t(i)
"""
FLOATS = "SELECT ((hash(i) % 16777216) / 167772.16)::FLOAT AS v FROM range({n}) t(i)"


def query_of(table, rows):
    """The SELECT that makes a table, or None when its schema is not at hand."""
    if table == "hits":
        beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "shared")
        shared = os.environ.get("TRUENO_SHARED", beside)
        schema = os.path.join(shared, "sql", "clickbench_schema.sql")
        return hits(read_schema(schema), rows) if os.path.exists(schema) else None
    if table == "h2o_small":
        return H2O.format(k=100, nk=max(rows // 1000, 1), n=max(rows // 10, 1))
    if table == "h2o":
        return H2O.format(k=100, nk=max(rows // 100, 1), n=rows)
    text = {"floats": FLOATS, "grouped": GROUPED, "sales": SALES}[table]
    return text.format(n={"floats": rows * 10, "grouped": rows, "sales": rows * 4 // 5}[table])


TABLES = {"h2o": "parquet", "hits": "parquet", "h2o_small": "parquet", "floats": "parquet",
          "grouped": "parquet", "sales": "csv"}


def make(directory, table, rows):
    """The path of a table's file, made now unless it is there."""
    directory = directory if rows == 10_000_000 else os.path.join(directory, str(rows))
    path = os.path.join(directory, f"{table}.{TABLES[table]}")
    if os.path.exists(path):
        return path
    query = query_of(table, rows)
    if query is None:
        return None
    os.makedirs(directory, exist_ok=True)
    print(f"making {path}", file=sys.stderr, flush=True)
    db = duckdb.connect()
    db.execute("SET enable_progress_bar = false; SET preserve_insertion_order = false")
    db.execute("SET memory_limit = '6GB'")
    form = "FORMAT csv, HEADER" if TABLES[table] == "csv" else "FORMAT parquet"
    db.execute(f"COPY ({query}) TO '{path}.part' ({form})")
    os.rename(path + ".part", path)
    return path


def main():
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000
    for table in TABLES:
        make(sys.argv[1], table, rows)


if __name__ == "__main__":
    main()
