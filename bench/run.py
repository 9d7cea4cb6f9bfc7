#!/usr/bin/env python3
"""Side-by-side measurements: the same data, the same threads, the same run. See README.md here.

The peers are measured one after the other, each against this library: both hold the suite's tables
in memory, both run a query once to warm up (the answers are saved and compared), then take turns.
"""
import argparse
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile

import engines
import report

try:
    import check
    import generate
except ImportError as error:  # nothing can be measured without these: said, and no failure
    print(f"skipped: bench/run.py: {error} (pip install duckdb pyarrow numpy)")
    sys.exit(0)

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
LOADING = 1800.0  # seconds that making an engine's tables may take
SLOW = 20.0  # a warm-up longer than this is measured once more, not `runs` times


class Suite:
    """Queries over tables of generate.py. `tables` are loaded; with `files` queries read them."""

    def __init__(self, name, title, tables, queries, peers, files=False):
        self.name, self.title, self.tables, self.queries = name, title, tables, queries
        self.peers, self.files = peers, files

    def columns(self):
        """The words of the queries, lower case: a column that is none of them is not read."""
        words = (re.findall(r"\w+", sql.lower()) for _, sql, _ in self.queries)
        return sorted(set().union(*words))


def query_texts(name):
    shared = os.environ.get("TRUENO_SHARED", os.path.join(ROOT, "..", "shared"))
    path = os.path.join(shared, "sql", name)
    if not os.path.exists(path):
        return None
    parts = re.split(r"^-- (q\d+)\n", open(path, encoding="utf-8").read(), flags=re.M)[1:]
    return [(name, sql.strip().rstrip(";"), None) for name, sql in zip(parts[::2], parts[1::2])]


SPEC = [
    ("sum", "SELECT sum(v) FROM floats", None),
    ("filter", "SELECT count(*), sum(v) FROM floats WHERE v > 50", None),
    ("group-int", "SELECT k, count(*), sum(v) FROM grouped GROUP BY k", None),
    ("group-text", "SELECT s, count(*), sum(v) FROM grouped GROUP BY s", None),
]
FILES = [
    ("csv", "SELECT category, count(*), sum(price) FROM t GROUP BY category", "sales.csv"),
    ("parquet", "SELECT s, count(*), sum(v) FROM t GROUP BY s", "grouped.parquet"),
]
PARALLEL = ("duckdb", "polars", "datafusion")


def suites():
    h2o = [q for q in query_texts("h2o_groupby.sql") or [] if q[0] != "q08"]
    clickbench = query_texts("clickbench.sql")
    return [
        Suite("spec", "sums of 100 M floats, groups of 10 M rows", ["floats", "grouped"], SPEC,
              PARALLEL),
        Suite("h2o", "h2o group-by, 10 M rows", ["h2o"], h2o, PARALLEL),
        Suite("clickbench", "ClickBench's queries, 10 M rows of its shape", ["hits"], clickbench,
              PARALLEL),
        Suite("files", "files read anew by every run", ["sales", "grouped"], FILES, PARALLEL,
              files=True),
        Suite("small", "h2o group-by, 1 M rows, for SQLite", ["h2o_small"], h2o, ("sqlite",)),
    ]


SQL_NAMES = {"h2o": "x", "h2o_small": "x"}


class Worker:
    """An engine in a process of its own; see engines.py for what it answers."""

    def __init__(self, peer, options, tables, columns):
        self.peer, self.options, self.tables, self.columns = peer, options, tables, columns
        self.start()

    def start(self):
        threads = str(self.options.threads)
        environment = dict(os.environ, POLARS_MAX_THREADS=threads, TOKIO_WORKER_THREADS=threads,
                           RAYON_NUM_THREADS=threads, PYTHONPATH=os.pathsep.join([HERE, os.environ.get("PYTHONPATH", "")]))
        command = [sys.executable, os.path.join(HERE, "engines.py"), self.peer, threads,
                   self.options.library]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=None if self.options.verbose else subprocess.DEVNULL,
                                        text=True, env=environment, preexec_fn=self.pin)
        hello = self.answer(60)
        self.version = hello.get("version", "?")
        self.loaded = self.ask({"load": self.tables, "columns": self.columns}, LOADING)
        error = hello.get("error") or self.loaded.get("error")
        if error:
            raise RuntimeError(f"{self.peer} cannot start or load: {error}")

    def pin(self):
        """The same processors for everybody where there are more than threads asked for."""
        available = sorted(os.sched_getaffinity(0))
        if len(available) > self.options.threads:
            os.sched_setaffinity(0, available[:self.options.threads])

    def answer(self, seconds):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if ready else None
        if line:
            return json.loads(line)
        if not ready:
            self.process.kill()
        code = self.process.wait()
        return {"error": f"crashed (exit {code})" if ready else f"no answer in {seconds:.0f} s",
                "dead": True}

    def ask(self, request, seconds):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        return self.answer(seconds)

    def run(self, sql, path=None, save=None):
        if self.columns and sql.startswith("SELECT *"):
            return {"error": "not run: only the columns that queries name are loaded (--wide)"}
        answer = self.ask({"run": sql, "file": path, "save": save}, self.options.timeout)
        if answer.get("dead"):
            self.start()
        return answer

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Bench:
    def __init__(self, options):
        self.options = options
        self.rows, self.versions, self.loads, self.wrong, self.skipped = [], {}, [], [], []
        self.scratch = tempfile.mkdtemp(prefix="bench-answers-", dir=options.build)

    def peers(self, suite):
        """The peers of a suite that can run here."""
        present = []
        for peer in suite.peers:
            if peer not in self.options.peers:
                continue
            reason = engines.missing(peer)
            if reason is None:
                present.append(peer)
            else:
                self.skip(reason)
        return present

    def skip(self, reason):
        if reason not in self.skipped:
            self.skipped.append(reason)
            print(f"skipped: {reason}", flush=True)

    def worker(self, peer, suite):
        tables = {} if suite.files else {SQL_NAMES.get(t, t): self.data[t] for t in suite.tables}
        narrow = peer in engines.UNCOMPRESSED and not self.options.wide
        columns = suite.columns() if narrow else None
        worker = Worker(peer, self.options, tables, columns)
        self.versions[peer] = worker.version
        if tables:
            self.loads.append({"suite": suite.name, "peer": peer, **worker.loaded})
            print(f"  {peer} {worker.version}: loaded in {worker.loaded['seconds']:.1f} s, "
                  f"process holds {worker.loaded['resident'] / 1e6:.0f} MB", flush=True)
        return worker

    def suite(self, suite):
        if not suite.queries:
            print(f"skipped: suite {suite.name}: ../shared/sql is not there (TRUENO_SHARED)")
            return
        wanted = self.options.queries
        queries = [q for q in suite.queries if not wanted or q[0] in wanted]
        peers = self.peers(suite)
        if not queries or not peers:
            return
        print(f"\n== {suite.name}: {suite.title}", flush=True)
        self.data = {t: generate.make(self.options.data, t, self.options.rows)
                     for t in suite.tables}
        folder = os.path.dirname(self.data[suite.tables[0]])
        ours = self.worker(report.OURS, suite)
        for peer in peers:
            try:
                theirs = self.worker(peer, suite)
            except RuntimeError as error:
                self.skip(str(error))
                continue
            for name, sql, file in queries:
                path = os.path.join(folder, file) if file else None
                self.query(suite, name, sql, path, ours, theirs)
            theirs.stop()
        ours.stop()
        for file in os.listdir(self.scratch):
            os.unlink(os.path.join(self.scratch, file))

    def reference(self, shape, path, worker, name):
        """The answer to compare with, made once a suite: the first peer's, without LIMIT."""
        saved = os.path.join(self.scratch, name + ".reference")
        if not os.path.exists(saved):
            answer = worker.run(shape.reference(), path, saved)
            if "error" in answer:
                return None
        return saved

    def warm_up(self, suite, name, sql, path, worker, reference):
        """The first run of a query: its answer is the one that is compared."""
        saved = os.path.join(self.scratch, "answer")
        answer = worker.run(sql, path, saved)
        side = {"wall": [], "cpu": [], "warm_up": answer.get("wall"), "rows": answer.get("rows")}
        if "error" in answer:
            side["error"] = answer["error"]
        elif reference:
            side["differs"] = check.compare(check.Shape(sql), saved, reference)
            wrong = (suite.name, name, worker.peer, side["differs"], sql)
            if side["differs"] and wrong not in self.wrong:
                self.wrong.append(wrong)
        return side

    def query(self, suite, name, sql, path, ours, theirs):
        reference = self.reference(check.Shape(sql), path, theirs, name)
        sides = {"ours": ours, "theirs": theirs}
        row = {"suite": suite.name, "query": name, "peer": theirs.peer,
               "load": os.getloadavg()[0], "compared": reference is not None}
        for side, worker in sides.items():
            row[side] = self.warm_up(suite, name, sql, path, worker, reference)
        slow = max(row[side]["warm_up"] or 0 for side in sides) > SLOW
        for _ in range(1 if slow else self.options.runs):
            for side, worker in sides.items():
                self.take_turn(row[side], worker, sql, path)
        self.rows.append(row)
        print(report.line(row), flush=True)

    def take_turn(self, side, worker, sql, path):
        if "error" in side:
            return
        answer = worker.run(sql, path)
        if "error" in answer:
            side["error"] = answer["error"]
            return
        side["wall"].append(answer["wall"])
        side["cpu"].append(answer["cpu"])


def arguments():
    build = os.environ.get("BUILD", os.path.join(ROOT, "build"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", default="spec,h2o,clickbench,files,small", help="[%(default)s]")
    parser.add_argument("--peers", default=",".join(engines.PEERS[1:]), help="[%(default)s]")
    parser.add_argument("--queries", default="", help="only these, such as q01,q07")
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the tables [%(default)s]")
    parser.add_argument("--threads", type=int, default=2, help="for every engine [%(default)s]")
    parser.add_argument("--runs", type=int, default=3, help="after the warm-up [%(default)s]")
    parser.add_argument("--timeout", type=float, default=300, help="seconds a query [%(default)s]")
    data = os.environ.get("TRUENO_BENCH_DATA", os.path.join(build, "bench-data"))
    library = os.path.join(build, "libtrueno_db.so")
    parser.add_argument("--data", default=data, help="tables, made when missing [%(default)s]")
    parser.add_argument("--library", default=library, help="[%(default)s]")
    parser.add_argument("--out", default=os.path.join(build, "bench.json"), help="[%(default)s]")
    parser.add_argument("--wide", action="store_true",
                        help="polars and datafusion load every column (ClickBench: 8 GB each)")
    parser.add_argument("--verbose", action="store_true", help="show what the engines print")
    options = parser.parse_args()
    options.build = build
    for name in ("suite", "peers", "queries"):
        setattr(options, name, [part for part in getattr(options, name).split(",") if part])
    return options


def main():
    options = arguments()
    os.makedirs(options.build, exist_ok=True)
    bench = Bench(options)
    facts = report.machine(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was measured is still written
    print(report.heading(facts), flush=True)
    try:
        for suite in suites():
            if suite.name in options.suite:
                bench.suite(suite)
    finally:
        report.report(bench, facts, options)
    return 1 if bench.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
