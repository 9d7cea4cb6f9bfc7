#!/usr/bin/env python3
"""Side-by-side measurements: the same data, the same threads, the same run. See README.md here.

The peers are measured one after the other, each against this library: both hold the suite's tables
in memory, both run a query once to warm up (the answers are saved and compared), then take turns.
"""
import argparse
import datetime
import json
import math
import os
import platform
import re
import select
import statistics
import subprocess
import sys
import tempfile

import check
import engines
import generate

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
OURS = "trueno"
SLOW = 20.0  # a warm-up longer than this is measured once more, not `runs` times


class Suite:
    """Queries over tables of generate.py. `tables` are loaded; with `files` queries read them."""

    def __init__(self, name, title, tables, queries, peers, files=False):
        self.name, self.title, self.tables, self.queries = name, title, tables, queries
        self.peers, self.files = peers, files


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
        Suite("spec", "sums of 100 M floats, groups of 10 M rows", ["floats", "grouped"], SPEC, PARALLEL),
        Suite("h2o", "h2o group-by, 10 M rows", ["h2o"], h2o, PARALLEL),
        Suite("clickbench", "ClickBench's queries, 10 M rows of its shape", ["hits"], clickbench, PARALLEL),
        Suite("files", "files read anew by every run", ["sales", "grouped"], FILES, PARALLEL, files=True),
        Suite("small", "h2o group-by, 1 M rows, for SQLite", ["h2o_small"], h2o, ("sqlite",)),
    ]


SQL_NAMES = {"h2o": "x", "h2o_small": "x"}


class Worker:
    """An engine in a process of its own; see engines.py for what it answers."""

    def __init__(self, peer, options, tables):
        self.peer, self.options, self.tables = peer, options, tables
        self.start()

    def start(self):
        threads = str(self.options.threads)
        environment = dict(os.environ, POLARS_MAX_THREADS=threads, TOKIO_WORKER_THREADS=threads,
                           RAYON_NUM_THREADS=threads, PYTHONPATH=HERE)
        command = [sys.executable, os.path.join(HERE, "engines.py"), self.peer, threads,
                   self.options.library]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL if not self.options.verbose else None,
                                        text=True, env=environment, preexec_fn=self.pin)
        hello = self.answer(60)
        self.version = hello.get("version", "?")
        self.loaded = self.ask({"load": self.tables}, 1800) if self.tables else {}
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
        self.scratch = tempfile.mkdtemp(prefix="results-", dir=options.build)

    def peers(self, suite):
        """The peers of a suite that can run here."""
        present = []
        for peer in suite.peers:
            if peer not in self.options.peers:
                continue
            reason = engines.missing(peer)
            if reason is None:
                present.append(peer)
            elif reason not in self.skipped:
                self.skipped.append(reason)
                print(f"skipped: {reason}", flush=True)
        return present

    def worker(self, peer, suite):
        tables = {} if suite.files else {SQL_NAMES.get(t, t): self.data[t] for t in suite.tables}
        worker = Worker(peer, self.options, tables)
        self.versions[peer] = worker.version
        if tables:
            self.loads.append({"suite": suite.name, "peer": peer, **worker.loaded})
            print(f"  {peer} {worker.version}: loaded in {worker.loaded['seconds']:.1f} s, process holds "
                  f"{worker.loaded['resident'] / 1e6:.0f} MB", flush=True)
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
        self.data = {t: generate.make(self.options.data, t, self.options.rows) for t in suite.tables}
        ours = self.worker(OURS, suite)
        for first, peer in enumerate(peers):
            theirs = self.worker(peer, suite)
            for name, sql, file in queries:
                path = os.path.join(os.path.dirname(next(iter(self.data.values()))), file) if file else None
                self.query(suite, name, sql, path, ours, theirs, first == 0)
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

    def query(self, suite, name, sql, path, ours, theirs, check_ours):
        shape = check.Shape(sql)
        reference = self.reference(shape, path, theirs, name)
        row = {"suite": suite.name, "query": name, "peer": theirs.peer, "load": os.getloadavg()[0]}
        for side, worker in (("ours", ours), ("theirs", theirs)):
            saved = os.path.join(self.scratch, "answer")
            answer = worker.run(sql, path, saved)
            entry = {"wall": [], "cpu": [], "warm_up": answer.get("wall"), "rows": answer.get("rows")}
            if "error" in answer:
                entry["error"] = answer["error"]
            elif reference and (side == "theirs" or check_ours):
                entry["differs"] = check.compare(shape, saved, reference)
                if entry["differs"]:
                    self.wrong.append((suite.name, name, worker.peer, entry["differs"], sql))
            row[side] = entry
        slow = max(row[s]["warm_up"] or 0 for s in ("ours", "theirs")) > SLOW
        for _ in range(1 if slow else self.options.runs):
            for side, worker in (("ours", ours), ("theirs", theirs)):
                if "error" in row[side]:
                    continue
                answer = worker.run(sql, path)
                if "error" in answer:
                    row[side]["error"] = answer["error"]
                    continue
                row[side]["wall"].append(answer["wall"])
                row[side]["cpu"].append(answer["cpu"])
        self.rows.append(row)
        print(line(row), flush=True)


def median(entry, kind):
    return statistics.median(entry[kind]) if entry.get(kind) and "error" not in entry else None


def ratio(row, kind):
    ours, theirs = median(row["ours"], kind), median(row["theirs"], kind)
    if not ours or not theirs or row["ours"].get("differs") or row["theirs"].get("differs"):
        return None
    return max(theirs, 1e-5) / max(ours, 1e-5)


def milliseconds(seconds):
    return f"{'-':>9}" if seconds is None else f"{seconds * 1000:9.1f}"


HEADER = f"{'query':<11}{'rows':>9}  {'peer':<11}{'ours ms':>9}{'peer ms':>9}{'ratio':>8}" \
         f"{'ours cpu':>10}{'peer cpu':>9}{'ratio':>8}  remarks"


def line(row):
    ours, theirs = row["ours"], row["theirs"]
    remarks = []
    for name, entry in ((OURS, ours), (row["peer"], theirs)):
        if "error" in entry:
            remarks.append(f"{name}: {entry['error'][:160]}")
        elif entry.get("differs"):
            remarks.append(f"{name} DIFFERS: {entry['differs'][:300]}")
    if ratio(row, "wall") is None and not remarks:
        remarks.append("not comparable")
    times = [(f"{r:8.2f}" if r else f"{'-':>8}") for r in (ratio(row, "wall"), ratio(row, "cpu"))]
    rows = ours["rows"] if ours["rows"] is not None else "-"
    return (f"{row['query']:<11}{rows:>9}  {row['peer']:<11}{milliseconds(median(ours, 'wall'))}"
            f"{milliseconds(median(theirs, 'wall'))}{times[0]} {milliseconds(median(ours, 'cpu'))}"
            f"{milliseconds(median(theirs, 'cpu'))}{times[1]}  {'; '.join(remarks)}")


def geometric(values):
    values = [v for v in values if v]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def means(rows):
    """(suite, peer) -> queries compared, queries in all, mean ratio by wall clock and by CPU."""
    table = {}
    for row in rows:
        table.setdefault((row["suite"], row["peer"]), []).append(row)
    result = []
    for (suite, peer), group in table.items():
        walls = [ratio(row, "wall") for row in group]
        cpus = [ratio(row, "cpu") for row in group]
        pairs = [(median(r["ours"], "wall"), median(r["theirs"], "wall")) for r in group if ratio(r, "wall")]
        result.append({"suite": suite, "peer": peer, "queries": len(group), "compared": len(pairs),
                       "wall": geometric(walls), "cpu": geometric(cpus),
                       "slower": [r["query"] for r, w in zip(group, walls) if w and w < 1],
                       "ours_seconds": sum(p[0] for p in pairs), "peer_seconds": sum(p[1] for p in pairs)})
    return result


def machine(options):
    model = platform.processor()
    if os.path.exists("/proc/cpuinfo"):
        names = re.findall(r"^model name\s*: (.*)", open("/proc/cpuinfo", encoding="ascii").read(), re.M)
        model = names[0] if names else model
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True,
                            text=True, check=False).stdout.strip()
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "threads": options.threads,
            "system": platform.platform(), "python": platform.python_version(), "commit": commit,
            "load_average": os.getloadavg(), "date": datetime.datetime.now().isoformat(timespec="minutes"),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "runs": options.runs, "rows": options.rows}


def chart(rows, path):
    """One bar a query, the ratio to each peer on a logarithmic axis. False without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    import matplotlib.pyplot as plot
    names = sorted({row["suite"] for row in rows}, key=[row["suite"] for row in rows].index)
    peers = sorted({row["peer"] for row in rows}, key=engines.PEERS.index)
    colours = dict(zip(peers, ("#d9a400", "#3b7dd8", "#3a9c5f", "#a05ab5")))
    figure, axes = plot.subplots(len(names), 1, figsize=(14, 3.2 * len(names)), squeeze=False)
    for axis, suite in zip(axes[:, 0], names):
        queries = list(dict.fromkeys(row["query"] for row in rows if row["suite"] == suite))
        here = [p for p in peers if any(r["suite"] == suite and r["peer"] == p for r in rows)]
        for i, peer in enumerate(here):
            found = {r["query"]: ratio(r, "wall") for r in rows if r["suite"] == suite and r["peer"] == peer}
            heights = [found.get(q) or 1.0 for q in queries]
            places = [x + (i + 0.5) * 0.8 / len(here) - 0.4 for x in range(len(queries))]
            axis.bar(places, [h - 1 for h in heights], 0.8 / len(here), bottom=1, color=colours[peer], label=peer)
        axis.set_yscale("log")
        axis.axhline(1, color="black", linewidth=0.8)
        axis.set_xticks(range(len(queries)), queries, rotation=60 if len(queries) > 12 else 0)
        axis.set_title(f"{suite}: peer's time over ours (above 1: ours is faster)", loc="left")
        axis.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    return True


def arguments():
    build = os.environ.get("BUILD", os.path.join(ROOT, "build"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", default="spec,h2o,clickbench,files,small", help="comma-separated [%(default)s]")
    parser.add_argument("--peers", default=",".join(engines.PEERS[1:]), help="[%(default)s]")
    parser.add_argument("--queries", default="", help="only these, such as q01,q07")
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the tables [%(default)s]")
    parser.add_argument("--threads", type=int, default=2, help="for every engine [%(default)s]")
    parser.add_argument("--runs", type=int, default=3, help="after the warm-up [%(default)s]")
    parser.add_argument("--timeout", type=float, default=300, help="seconds a query [%(default)s]")
    parser.add_argument("--data", default=os.environ.get("TRUENO_BENCH_DATA", os.path.join(build, "bench-data")),
                        help="directory of the tables, made when missing [%(default)s]")
    parser.add_argument("--library", default=os.path.join(build, "libtrueno_db.so"), help="[%(default)s]")
    parser.add_argument("--out", default=os.path.join(build, "bench.json"), help="[%(default)s]")
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
    facts = machine(options)
    print(f"{facts['cpu']}, {facts['cores']} cores, {facts['memory_gb']} GB; {facts['system']}; "
          f"load average {facts['load_average'][0]:.1f}\n{options.threads} threads, medians of "
          f"{options.runs} runs after a warm-up; ratio = the peer's time over ours\n{HEADER}")
    try:
        for suite in suites():
            if suite.name in options.suite:
                bench.suite(suite)
    finally:
        report(bench, facts, options)
    return 1 if bench.wrong else 0


def report(bench, facts, options):
    os.rmdir(bench.scratch) if not os.listdir(bench.scratch) else None
    facts["versions"] = bench.versions
    facts["load_average_after"] = os.getloadavg()
    print("\nversions: " + ", ".join(f"{k} {v}" for k, v in bench.versions.items())
          + f"; load average now {os.getloadavg()[0]:.1f}")
    for mean in means(bench.rows):
        if mean["compared"]:
            print(f"{mean['suite']} against {mean['peer']}: {mean['compared']} of {mean['queries']} queries, geometric "
                  f"mean {mean['wall']:.2f}x by the clock, {mean['cpu']:.2f}x by CPU time; sum "
                  f"{mean['ours_seconds']:.2f} s against {mean['peer_seconds']:.2f} s"
                  + (f"; slower: {' '.join(mean['slower'])}" if mean["slower"] else ""))
    for suite, name, peer, difference, sql in bench.wrong:
        print(f"WRONG {suite} {name}, {peer}: {difference}\n    {sql[:600]}")
    with open(options.out, "w", encoding="utf-8") as out:
        json.dump({"machine": facts, "skipped": bench.skipped, "loads": bench.loads, "rows": bench.rows,
                   "means": means(bench.rows), "wrong": bench.wrong}, out, indent=1)
    picture = os.path.splitext(options.out)[0] + ".png"
    drawn = bench.rows and chart(bench.rows, picture)
    print(f"written: {options.out}" + (f", {picture}" if drawn else ""))


if __name__ == "__main__":
    sys.exit(main())
