#!/usr/bin/env python3
"""Makes report.md and plots of the CSV files that run.sh left in a directory.

Score = log10 of the regret, in units of the median regret that random search has after 50 runs of that problem,
floored at -5: the mean over seeds, then over problems. -1: ten times closer to the optimum. A method counts in a
table only where it was run on every problem; differences below 0.15 are the noise of ten seeds.
"""

import collections
import csv
import glob
import math
import os
import statistics
import sys

OPTIMA = {
    "branin2": 0.397887, "hartmann6": -3.32237, "hartmann6n": -3.32237, "hart6in20": -3.32237, "ackley5": 0, "ackley10": 0,
    "rosenbrock4": 0, "levy8": 0, "levy20": 0, "stybtang5": -195.83085, "mixed7": 0.20573, "mixed7n": 0.20573,
    "nas8": 0.46084937, "hpob_vehicle": 0.048432, "fcnet_naval": 3.191125e-05, "nb201_cifar10": 8.393333,
}
SETS = {
    "functions": ("branin2", "hartmann6", "ackley5", "ackley10", "rosenbrock4", "levy8", "stybtang5", "mixed7", "nas8",
                  "hartmann6n", "mixed7n"),
    "real tables": ("hpob_vehicle", "fcnet_naval", "nb201_cifar10"),
    "20 dimensions": ("levy20", "hart6in20"),
}
AT = (25, 50, 100, 200)


def read(directory):
    """{(problem, method, parallel, n): {seed: (value, cpu_ms)}}"""
    results = collections.defaultdict(dict)
    for path in sorted(glob.glob(os.path.join(directory, "*.csv"))):
        with open(path, encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if "problem" in row:
                    key = row["problem"], row["method"], int(row["par"]), int(row["n"])
                    results[key][int(row["seed"])] = float(row["val"]), float(row["cpu_ms"])
    return results


def score(results, problem, method, parallel, n):
    """(mean over seeds, how many), or None."""
    runs = results.get((problem, method, parallel, n))
    random = results.get((problem, "random", 1, 50))
    if not runs or not random:
        return None
    unit = statistics.median(value for value, _ in random.values()) - OPTIMA[problem]
    logs = [math.log10(max(1e-5, min(10, (value - OPTIMA[problem]) / unit))) for value, _ in runs.values()]
    return statistics.mean(logs), len(logs)


def mean_score(results, problems, method, parallel, n):
    scores = [score(results, problem, method, parallel, n) for problem in problems]
    if None in scores:
        return None
    return statistics.mean(s for s, _ in scores), min(count for _, count in scores)


def methods_of(results):
    found = sorted({method for _, method, _, _ in results})
    return [m for m in ("sweepctl",) if m in found] + [m for m in found if m != "sweepctl"]


def quality_tables(results):
    lines = []
    for title, problems in SETS.items():
        for parallel in sorted({parallel for _, _, parallel, _ in results}):
            rows = []
            for method in methods_of(results):
                cells = [mean_score(results, problems, method, parallel, n) for n in AT]
                if any(cells):
                    rows.append(f"| {method} | " + " | ".join(
                        "-" if c is None else f"{c[0]:.2f} ({c[1]})" for c in cells) + " |")
            if rows:
                lines += ["", f"**{len(problems)} {title}, {parallel} in flight**: score after n runs (seeds)", "",
                          "| method | " + " | ".join(str(n) for n in AT) + " |", "|---|" + "---|" * len(AT), *rows]
    lines += ["", "**Value reached, one at a time** (median over the seeds)", ""]
    methods = methods_of(results)
    lines += ["| problem | n | " + " | ".join(methods) + " |", "|---|---|" + "---|" * len(methods)]
    for problem in OPTIMA:
        for n in AT:
            cells = [results.get((problem, method, 1, n)) for method in methods]
            if any(cells):
                lines.append(f"| {problem} | {n} | " + " | ".join(
                    "-" if not c else f"{statistics.median(v for v, _ in c.values()):.5g}" for c in cells) + " |")
    return lines


def ahead(results):
    """Where another is better by more than the noise, and by how much."""
    lines = []
    for title, problems in SETS.items():
        for parallel in sorted({parallel for _, _, parallel, _ in results}):
            for n in AT:
                for problem in problems:
                    ours = score(results, problem, "sweepctl", parallel, n)
                    others = [(s[0], method) for method in methods_of(results) if method != "sweepctl"
                              and (s := score(results, problem, method, parallel, n))]
                    if ours and others and min(others)[0] < ours[0] - 0.15:
                        best, method = min(others)
                        lines.append(f"- {problem}, {parallel} in flight, {n} runs: {method} by {ours[0] - best:.2f}")
    return ["", "**Where another is ahead by more than 0.15**", "", *(lines or ["Nowhere."])]


def timing_rows(directory):
    rows = []
    for path in sorted(glob.glob(os.path.join(directory, "*time*.csv"))):
        with open(path, encoding="utf-8") as file:
            rows += [(r["method"], int(r["d"]), int(r["n"]), float(r["cpu_ms_median"]), float(r["call_ms_max"]))
                     for r in csv.DictReader(file)]
    return rows


def timing_table(rows):
    sizes = (10, 100, 1000, 10000, 100000)
    known = {(method, d, n): f"{median:.1f} ({longest:.1f})" for method, d, n, median, longest in rows}
    lines = ["", "**CPU ms for one more run after n runs**: median of all that it takes (the longest single call)", "",
             "| method | d | " + " | ".join(f"n = {n:,}" for n in sizes) + " |", "|---|---|" + "---|" * len(sizes)]
    for method, d in sorted({(method, d) for method, d, *_ in rows}, key=lambda k: (k[0] != "sweepctl", k)):
        lines.append(f"| {method} | {d} | " + " | ".join(known.get((method, d, n), "-") for n in sizes) + " |")
    return lines


def plots(directory, results, rows):
    try:
        import matplotlib
    except ImportError:
        print("no matplotlib: no plots", file=sys.stderr)
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    for parallel in sorted({parallel for _, _, parallel, _ in results}):
        figure, axes = pyplot.subplots(figsize=(6, 4))
        for method in methods_of(results):
            points = [(n, s[0]) for n in (10, 20, 25, 50, 75, 100, 150, 200)
                      if (s := mean_score(results, SETS["functions"], method, parallel, n))]
            if points:
                axes.plot(*zip(*points), marker=".", label=method, linewidth=2.5 if method == "sweepctl" else 1)
        axes.set(xlabel="runs", ylabel="log10 regret (random after 50 = 0)", title=f"11 functions, {parallel} in flight")
        if axes.get_lines():
            axes.legend()
        figure.tight_layout()
        figure.savefig(os.path.join(directory, f"score_{parallel}.png"), dpi=110)
    if rows:
        figure, axes = pyplot.subplots(figsize=(6, 4))
        for method in sorted({row[0] for row in rows}):
            points = sorted((n, median) for name, d, n, median, _ in rows if name == method and d == 6)
            if points:
                axes.loglog(*zip(*points), marker=".", label=method)
        axes.set(xlabel="runs so far", ylabel="CPU ms of a suggestion", title="6 dimensions")
        axes.legend()
        figure.tight_layout()
        figure.savefig(os.path.join(directory, "time.png"), dpi=110)


def main():
    directory = sys.argv[1]
    results, rows = read(directory), timing_rows(directory)
    lines = ["# Searches compared", __doc__.split("\n\n", 1)[1].rstrip()]
    lines += quality_tables(results)
    lines += ahead(results)
    if rows:
        lines += timing_table(rows)
    with open(os.path.join(directory, "report.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    plots(directory, results, rows)


if __name__ == "__main__":
    main()
