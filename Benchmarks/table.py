"""Writes the table of docs/explanation/performance.md from measured lines.

    python3 table.py raw.tsv... > table.md

A line is `R key tool least middle …` or `C …`, with or without the number of a round before it.
"""

import re
import sys
from collections import defaultdict

TARGETS = {  # at most so many times the faster C, or seconds
    "W1.grad": 25e-9, "W1.fit": 3, "W2.1e5.val": 1.1, "W2.1e5.grad": 1.1, "W2.1e6.val": 1.1,
    "W2.1e6.grad": 1.1, "W3.grad": 1.1, "W3.fit": 1.2, "W4.grad": 0.9, "W4.epoch": 0.95,
    "W5.grad": 1.5, "W6.grad": 1.5, "W7.dense": 1.5, "W7.sparse": 3, "W8.start": 10e-3,
    "W9.loop": 1.2,
}
ARRAYS = {"W2": 16e6, "W3": 16.2e6, "W4": 1.4e6, "W5": 0.3e6, "W7": 0.5e6}  # bytes, of C
STRICT = {"W9.loop"}  # compared with C as the standard has it, without reassociation


def duration(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def main(paths):
    best, notes = defaultdict(dict), {}
    for path in paths:
        for line in open(path):
            fields = line.rstrip("\n").split("\t")
            if fields[0].isdigit():
                fields = fields[1:]
            if len(fields) < 5 or fields[0] != "R":
                continue
            key, tool, least = fields[1], fields[2], float(fields[3])
            best[key][tool] = min(best[key].get(tool, least), least)
            if tool == "optrepl":
                notes[key] = fields[8] if len(fields) > 8 else ""
    print("| workload | time | C | times C | at most | best other tool | compiled in | peak memory |")
    print("|---|---:|---:|---:|---:|---|---:|---:|")
    for key in sorted(best):
        tools = best[key]
        if "optrepl" not in tools:
            continue
        ours = tools["optrepl"]
        bases = ["c"] if key in STRICT else ["c", "cvec"]
        c = min((tools[t] for t in bases if t in tools), default=None)
        others = sorted(
            (time, tool) for tool, time in tools.items()
            if tool not in ("optrepl", "c", "cvec", "swift") and not tool.startswith("c+")
            and not tool.startswith("swift") and "empty" not in tool and "import" not in tool)
        target = TARGETS.get(key)
        ratio = f"{ours / c:.2f}" if c else ""
        limit, missed = "", False
        if target:
            absolute = target < 0.1
            limit = duration(target) if absolute else f"{target:g}"
            missed = ours > target if absolute else bool(c) and ours / c > target
        peak = re.search(r"peak (\d+) kB", notes[key])
        memory = f"{int(peak[1]) / 1000:.0f} MB" if peak else ""
        if peak and 1e3 * int(peak[1]) > 1.5 * ARRAYS.get(key[:2], 0) + 50e6:
            memory = f"**{memory}**"
        compiled = re.search(r"compiled in (\d+) us", notes[key])
        print("| " + " | ".join([
            key, duration(ours), duration(c) if c else "", f"**{ratio}**" if missed else ratio,
            limit, f"{others[0][1]}, {duration(others[0][0])}" if others else "",
            duration(int(compiled[1]) * 1e-6) if compiled else "", memory,
        ]) + " |")
    print()
    for n in ("1e5", "1e6"):
        keys = [f"W2.{n}.{what}" for what in ("val", "grad")]
        if all("optrepl" in best[k] for k in keys):
            value, gradient = (best[k]["optrepl"] for k in keys)
            print(f"Gradient over value, W2 with {n} variables: {gradient / value:.2f}.")


main(sys.argv[1:])
