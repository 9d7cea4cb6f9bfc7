"""What the benchmark prints, writes and draws; the figures come from run.py as rows.

A row is one query against one peer: {"suite", "query", "peer", "load", "ours": side, "theirs":
side}; a side is {"wall": [seconds], "cpu": [seconds], "warm_up", "rows"} and "error" or "differs".
"""
import datetime
import json
import math
import os
import platform
import re
import shutil
import statistics
import subprocess

import engines

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OURS = "trueno"


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
    if not row["compared"]:
        remarks.append("answers not compared")
    times = [(f"{r:8.2f}" if r else f"{'-':>8}") for r in (ratio(row, "wall"), ratio(row, "cpu"))]
    rows = ours["rows"] if ours["rows"] is not None else "-"
    return (f"{row['query']:<11}{rows:>9}  {row['peer']:<11}{milliseconds(median(ours, 'wall'))}"
            f"{milliseconds(median(theirs, 'wall'))}{times[0]} {milliseconds(median(ours, 'cpu'))}"
            f"{milliseconds(median(theirs, 'cpu'))}{times[1]}  {'; '.join(remarks)}")


def geometric(values):
    values = [v for v in values if v]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def damped(pair):
    """ClickBench's ratio: 10 ms added to both, or queries of no work would decide the mean."""
    return (pair[1] + 0.01) / (pair[0] + 0.01)


def means(rows):
    """For every suite and peer: how many queries compare, and the geometric means of the ratios."""
    table = {}
    for row in rows:
        table.setdefault((row["suite"], row["peer"]), []).append(row)
    result = []
    for (suite, peer), group in table.items():
        walls = [ratio(row, "wall") for row in group]
        cpus = [ratio(row, "cpu") for row in group]
        pairs = [(median(row["ours"], "wall"), median(row["theirs"], "wall"))
                 for row in group if ratio(row, "wall")]
        result.append({"suite": suite, "peer": peer, "queries": len(group), "compared": len(pairs),
                       "wall": geometric(walls), "cpu": geometric(cpus),
                       "damped": geometric(map(damped, pairs)),
                       "slower": [r["query"] for r, w in zip(group, walls) if w and w < 1],
                       "slower_cpu": [r["query"] for r, c in zip(group, cpus) if c and c < 1],
                       "ours_seconds": sum(pair[0] for pair in pairs),
                       "peer_seconds": sum(pair[1] for pair in pairs)})
    return result


def machine(options):
    model = platform.processor()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="ascii") as cpuinfo:
            names = re.findall(r"^model name\s*: (.*)", cpuinfo.read(), re.M)
        model = names[0] if names else model
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"],
                            capture_output=True, text=True, check=False).stdout.strip()
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "threads": options.threads,
            "system": platform.platform(), "python": platform.python_version(), "commit": commit,
            "load_average": os.getloadavg(),
            "date": datetime.datetime.now().isoformat(timespec="minutes"),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "runs": options.runs, "rows": options.rows, "bandwidth": bandwidth(options)}


def bandwidth(options):
    """What bench/bandwidth.c prints, or why it does not."""
    program = os.path.join(options.build, "bench", "bandwidth")
    if not os.path.exists(program):
        return "memory bandwidth not measured: make bench-programs"
    return subprocess.run([program, str(options.threads)], capture_output=True, text=True,
                          check=False).stdout.strip()


def heading(facts):
    return (f"{facts['cpu']}, {facts['cores']} cores, {facts['memory_gb']} GB; {facts['system']}; "
            f"load average {facts['load_average'][0]:.1f}\n{facts['bandwidth']}\n"
            f"{facts['threads']} threads, medians of {facts['runs']} runs after a warm-up; "
            f"ratio = the peer's time over ours\n{HEADER}")


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
            found = {row["query"]: ratio(row, "wall")
                     for row in rows if row["suite"] == suite and row["peer"] == peer}
            heights = [found.get(q) or 1.0 for q in queries]
            places = [x + (i + 0.5) * 0.8 / len(here) - 0.4 for x in range(len(queries))]
            axis.bar(places, [h - 1 for h in heights], 0.8 / len(here), bottom=1,
                     color=colours[peer], label=peer)
        axis.set_yscale("log")
        axis.axhline(1, color="black", linewidth=0.8)
        axis.set_xticks(range(len(queries)), queries, rotation=60 if len(queries) > 12 else 0)
        axis.set_title(f"{suite}: peer's time over ours (above 1: ours is faster)", loc="left")
        axis.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    return True


def report(bench, facts, options):
    shutil.rmtree(bench.scratch)
    facts["versions"] = bench.versions
    facts["load_average_after"] = os.getloadavg()
    print("\nversions: " + ", ".join(f"{k} {v}" for k, v in bench.versions.items())
          + f"; load average now {os.getloadavg()[0]:.1f}")
    for mean in means(bench.rows):
        if mean["compared"]:
            print(f"{mean['suite']} against {mean['peer']}: {mean['compared']} of {mean['queries']} "
                  f"queries, geometric mean {mean['wall']:.2f}x by the clock ({mean['damped']:.2f}x "
                  f"with 10 ms added to both), {mean['cpu']:.2f}x by CPU time; sum "
                  f"{mean['ours_seconds']:.2f} s against {mean['peer_seconds']:.2f} s; slower by the "
                  f"clock: {' '.join(mean['slower']) or 'none'}; by CPU time: "
                  f"{' '.join(mean['slower_cpu']) or 'none'}")
    for suite, name, peer, difference, sql in bench.wrong:
        print(f"WRONG {suite} {name}, {peer}: {difference}\n    {sql[:600]}")
    with open(options.out, "w", encoding="utf-8") as out:
        json.dump({"machine": facts, "skipped": bench.skipped, "loads": bench.loads,
                   "rows": bench.rows, "means": means(bench.rows), "wrong": bench.wrong}, out,
                  indent=1)
    picture = os.path.splitext(options.out)[0] + ".png"
    drawn = bench.rows and chart(bench.rows, picture)
    print(f"written: {options.out}" + (f", {picture}" if drawn else ""))
