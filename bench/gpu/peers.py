#!/usr/bin/env python3
"""What other programs need on this machine for the work that bench/gpu measures: CuPy and PyTorch on
the GPU, DuckDB on all processors.

Usage: peers.py [rows]   (default 100,000,000; groups and joins: a tenth and a hundredth of it)

Data is resident in the library's own arrays. Timed is one call until its result is on the host, or,
where that is large, until the device is done; medians of 9 after two warm-ups. What a library has no
operation for is left out. A missing library is skipped with the reason.
"""
import os
import statistics
import sys
import time

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000_000
RUNS = 9


def timed(call):
    times = []
    for i in range(RUNS + 2):
        start = time.perf_counter()
        call()
        if i >= 2:
            times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def show(library, work, call):
    try:
        print(f"{work:<48} {library:<16} {timed(call):10.3f} ms", flush=True)
    except Exception as error:  # one operation that fails must not hide the others
        print(f"{work:<48} {library:<16} failed: {str(error).splitlines()[0][:80]}", flush=True)


def names(rows):
    millions = rows / 1e6
    return f"{millions:g} M"


def with_cupy():
    import cupy as cp

    label = "CuPy " + cp.__version__
    sync = cp.cuda.Device().synchronize
    rng = cp.random.default_rng(1)
    ints = rng.integers(-1000, 1000, ROWS, dtype=cp.int32)
    floats = rng.random(ROWS, dtype=cp.float32)
    show(label, f"SUM of {names(ROWS)} int32", lambda: int(ints.sum(dtype=cp.int64)))
    show(label, f"SUM of {names(ROWS)} float32 in float64", lambda: float(floats.sum(dtype=cp.float64)))

    def filtered():
        kept = ints < 0
        return float(cp.where(kept, floats, 0).sum(dtype=cp.float64)), int(kept.sum())

    show(label, f"filter, SUM, COUNT over {names(ROWS)}", filtered)
    fused = cp.ReductionKernel("int32 k, float32 v", "float64 s", "k < 0 ? (double)v : 0.0",
                               "a + b", "s = a", "0", "fused_filter_sum")
    show(label, f"filter, SUM over {names(ROWS)}, kernel by hand", lambda: float(fused(ints, floats)))
    for groups in (4096, 1_000_000):
        rows = ROWS // 10
        keys = rng.integers(0, groups, rows, dtype=cp.int32)
        values = rng.random(rows, dtype=cp.float32)

        def grouped():
            result = cp.bincount(keys, weights=values, minlength=groups)
            sync()
            return result

        show(label, f"GROUP BY {names(rows)} rows, {groups} groups, SUM", grouped)
    numbers = rng.integers(0, 2**32 - 1, ROWS, dtype=cp.uint32)

    def sort():
        cp.sort(numbers)
        sync()

    show(label, f"sort of {names(ROWS)} uint32", sort)


def with_torch():
    import torch

    label = "PyTorch " + torch.__version__.split("+")[0]
    if not torch.cuda.is_available():
        raise RuntimeError("PyTorch sees no GPU")
    device = torch.device("cuda")
    sync = torch.cuda.synchronize
    torch.manual_seed(1)
    ints = torch.randint(-1000, 1000, (ROWS,), dtype=torch.int32, device=device)
    floats = torch.rand(ROWS, dtype=torch.float32, device=device)
    show(label, f"SUM of {names(ROWS)} int32", lambda: ints.sum().item())
    show(label, f"SUM of {names(ROWS)} float32 in float64",
         lambda: floats.sum(dtype=torch.float64).item())

    def copy():
        target.copy_(floats)
        sync()

    target = torch.empty_like(floats)
    ms = timed(copy)
    print(f"{'copy within the device, bytes read and written':<48} {label:<16} {ms:10.3f} ms "
          f"{ROWS * 8 / ms * 1e-6:.0f} GB/s", flush=True)

    def filtered():
        kept = ints < 0
        return torch.where(kept, floats, 0.0).sum(dtype=torch.float64).item(), kept.sum().item()

    show(label, f"filter, SUM, COUNT over {names(ROWS)}", filtered)
    for groups in (4096, 1_000_000):
        rows = ROWS // 10
        keys = torch.randint(0, groups, (rows,), dtype=torch.int64, device=device)
        values = torch.rand(rows, dtype=torch.float32, device=device)

        def grouped():
            sums = torch.zeros(groups, dtype=torch.float32, device=device)
            sums.index_add_(0, keys, values)
            sync()

        show(label, f"GROUP BY {names(rows)} rows, {groups} groups, SUM", grouped)
    numbers = torch.randint(-2**31, 2**31 - 1, (ROWS,), dtype=torch.int32, device=device)

    def sort():
        torch.sort(numbers)
        sync()

    show(label, f"sort of {names(ROWS)} int32, with positions", sort)
    side = ROWS // 100
    build = torch.randperm(side, device=device)
    probe = torch.randint(0, side, (side,), device=device)

    def join():
        ordered, rows = torch.sort(build)
        _ = rows[torch.searchsorted(ordered, probe)]
        sync()

    show(label, f"join {names(side)} x {names(side)}, by sorting", join)


def with_duckdb():
    import duckdb

    label = "DuckDB " + duckdb.__version__
    con = duckdb.connect()
    threads = os.cpu_count()
    con.execute(f"SET threads = {threads}")
    con.execute(f"""CREATE TABLE t AS SELECT (hash(i) % 2000)::INT - 1000 AS k,
                    ((hash(i + 1) % 1000000) / 1e6)::FLOAT AS v FROM range({ROWS}) r(i)""")
    label += f", {threads} threads"

    def query(sql):
        return lambda: con.execute(sql).fetchall()

    show(label, f"SUM of {names(ROWS)} int32", query("SELECT sum(k) FROM t"))
    show(label, f"SUM of {names(ROWS)} float32 in float64", query("SELECT sum(v) FROM t"))
    show(label, f"filter, SUM, COUNT over {names(ROWS)}",
         query("SELECT sum(v), count(*) FROM t WHERE k < 0"))
    for groups in (4096, 1_000_000):
        rows = ROWS // 10
        con.execute(f"""CREATE OR REPLACE TABLE g AS SELECT (hash(i) % {groups})::INT AS k,
                        ((hash(i + 1) % 1000000) / 1e6)::FLOAT AS v FROM range({rows}) r(i)""")
        show(label, f"GROUP BY {names(rows)} rows, {groups} groups, SUM",
             lambda: con.sql("SELECT k, sum(v), count(*) FROM g GROUP BY k").materialize()
             if hasattr(duckdb.DuckDBPyRelation, "materialize")
             else con.execute("SELECT k, sum(v), count(*) FROM g GROUP BY k").fetchall())
    side = ROWS // 100
    con.execute(f"CREATE TABLE a AS SELECT i AS k, i AS v FROM range({side}) r(i) ORDER BY hash(i)")
    con.execute(f"CREATE TABLE b AS SELECT (hash(i) % {side})::BIGINT AS k FROM range({side}) r(i)")
    show(label, f"join {names(side)} x {names(side)}, SUM",
         query("SELECT sum(a.v) FROM a JOIN b USING (k)"))


def main():
    print(f"{'work':<48} {'by':<16} {'median':>10}")
    for name, measure in (("CuPy", with_cupy), ("PyTorch", with_torch), ("DuckDB", with_duckdb)):
        try:
            measure()
        except Exception as error:
            print(f"skipped: {name}: {str(error).splitlines()[0][:120]}")


if __name__ == "__main__":
    main()
