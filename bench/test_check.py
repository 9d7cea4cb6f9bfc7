#!/usr/bin/env python3
"""Does check.py see what it should? Run: python3 bench/test_check.py"""
import os
import tempfile

import pyarrow as pa

import check


def saved(directory, name, table):
    path = os.path.join(directory, name)
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return path


def differs(sql, got, reference):
    with tempfile.TemporaryDirectory() as directory:
        return check.compare(check.Shape(sql), saved(directory, "a", pa.table(got)),
                             saved(directory, "b", pa.table(reference)))


def main():
    grouped = "SELECT k, sum(v) FROM t GROUP BY k"
    base = {"k": ["a", "b", None], "s": [1.0, 2.0, 3.0]}
    assert differs(grouped, {"k": [None, "b", "a"], "s": [3.0, 2.0, 1.0 + 1e-12]}, base) is None
    assert differs(grouped, {"k": [None, "b", "a"], "s": [3.0, 2.0, 1.0 + 1e-7]}, base)
    assert differs(grouped, {"k": [None, "a", "b"], "s": [3.0, 2.0, 1.0]}, base)
    assert differs(grouped, {"k": ["b", "b", "a"], "s": [3.0, 2.0, 1.0]}, base)
    assert differs(grouped, {"k": ["a", "b"], "s": [1.0, 2.0]}, base)
    assert differs(grouped, {"k": ["a", "b", None], "s": [1.0, 2.0, None]}, base)
    assert differs(grouped, {"k": ["a", "b", None], "s": pa.array([1, 2, 3], pa.decimal128(38, 0))}, base) is None
    integers = {"k": ["a", "a"], "s": [2**62, 2**62 + 2]}
    assert differs(grouped, {"k": ["a", "a"], "s": [2**62 + 2, 2**62]}, integers) is None
    assert differs(grouped, {"k": ["a", "a"], "s": [2**62 + 1, 2**62]}, integers)

    top = "SELECT k, COUNT(*) AS c FROM t GROUP BY k ORDER BY c DESC LIMIT 3"
    counted = {"k": list("abcdef"), "c": [9, 8, 7, 7, 7, 1], "sort_key_0": [9, 8, 7, 7, 7, 1]}
    assert check.Shape(top).reference() == \
        "SELECT k, COUNT(*) AS c, COUNT(*) AS sort_key_0 FROM t GROUP BY k ORDER BY c DESC"
    assert differs(top, {"k": list("abe"), "c": [9, 8, 7]}, counted) is None
    assert differs(top, {"k": list("abf"), "c": [9, 8, 7]}, counted)
    assert differs(top, {"k": list("bac"), "c": [8, 9, 7]}, counted)
    assert differs(top, {"k": list("ab"), "c": [9, 8]}, counted)
    assert differs(top.replace("3", "4"), {"k": list("abdd"), "c": [9, 8, 7, 7]}, counted)
    skipped = top + " OFFSET 3"
    assert differs(skipped, {"k": list("cdf"), "c": [7, 7, 1]}, counted) is None
    assert differs(skipped, {"k": list("cbf"), "c": [7, 8, 1]}, counted)
    hidden = "SELECT p, extract(minute FROM e) FROM t ORDER BY e LIMIT 2"
    assert check.Shape(hidden).reference() == \
        "SELECT p, extract(minute FROM e), e AS sort_key_0 FROM t ORDER BY e"
    loose = "SELECT k, COUNT(*) FROM t GROUP BY k LIMIT 2"
    assert differs(loose, {"k": ["b", "a"], "c": [8, 9]}, {"k": list("abc"), "c": [9, 8, 7]}) is None
    assert differs(loose, {"k": ["b", "b"], "c": [8, 8]}, {"k": list("abc"), "c": [9, 8, 7]})
    print("ok")


if __name__ == "__main__":
    main()
