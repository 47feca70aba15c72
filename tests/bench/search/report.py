#!/usr/bin/env python3
"""Makes report.md and plots of the CSV files that run.sh left in a directory.

Score = log10 of the regret, in units of the median regret that random search has after 50 runs of that problem,
floored at -5: the mean over seeds, then over problems. -1: ten times closer to the optimum. A method counts in a
table only where it was run on every problem. Two methods are compared on the seeds that both have, and a
difference has its standard error; below 0.15 it is the noise of ten seeds.
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
    "functions of the slow ones": ("hartmann6", "ackley5", "mixed7", "hartmann6n"),  # what run.sh has the slow ones do
    "real tables": ("hpob_vehicle", "fcnet_naval", "nb201_cifar10"),
    "20 dimensions": ("levy20", "hart6in20"),
}
AT = (25, 50, 100, 200, 500)
CHECKPOINTS = (10, 20, 25, 50, 75, 100, 150, 200, 500)
OURS = "sweepctl"
NAMES = {
    "tpe": "Optuna TPE", "tpe_mv": "Optuna TPE, multivariate", "gp": "Optuna GP", "cmaes": "Optuna CMA-ES",
    "wandb": "W&B's engine", "hebo": "HEBO", "smac": "SMAC", "smac_gp": "SMAC, GP", "ax": "Ax",
}


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


def scores(results, problem, method, parallel, n):
    """{seed: score}, empty where there is nothing to compare with."""
    runs = results.get((problem, method, parallel, n), {})
    random = results.get((problem, "random", 1, 50))
    if not random:
        return {}
    unit = statistics.median(value for value, _ in random.values()) - OPTIMA[problem]
    return {seed: math.log10(max(1e-5, min(10, (value - OPTIMA[problem]) / unit)))
            for seed, (value, _) in runs.items()}


def mean_score(results, problems, method, parallel, n, n_of_ours=None):
    """(mean score, how far ours is below it, the standard error of that, seeds) over the seeds that both have and
    then over the problems; None where one of them was not run on every problem."""
    means, leads, variances, seeds = [], [], [], []
    for problem in problems:
        theirs = scores(results, problem, method, parallel, n)
        ours = scores(results, problem, OURS, parallel, n_of_ours or n)
        both = sorted(theirs.keys() & ours.keys())
        if not both:
            return None
        lead = [theirs[seed] - ours[seed] for seed in both]
        means.append(statistics.mean(theirs[seed] for seed in both))
        leads.append(statistics.mean(lead))
        variances.append(statistics.variance(lead) / len(lead) if len(lead) > 1 else math.inf)
        seeds.append(len(both))
    return statistics.mean(means), statistics.mean(leads), math.sqrt(sum(variances)) / len(problems), min(seeds)


def lead_text(compared):
    """Of what mean_score() gave; one seed has no standard error."""
    _, lead, error, _ = compared
    return f"{lead:+.2f}" + (f" ± {error:.2f}" if math.isfinite(error) else "")


def name_of(method):
    return NAMES.get(method, method)


def methods_of(results):
    found = sorted({method for _, method, _, _ in results} - {OURS})
    return [OURS, *found]


def in_flight(results):
    return sorted({parallel for _, _, parallel, _ in results})


def quality_tables(results):
    lines = []
    for title, problems in SETS.items():
        for parallel in in_flight(results):
            rows = []
            for method in methods_of(results):
                cells = [mean_score(results, problems, method, parallel, n) for n in AT]
                if not any(cells):
                    continue
                seeds = "–".join(str(n) for n in sorted({f([c[3] for c in cells if c]) for f in (min, max)}))
                texts = ["-" if c is None else f"{c[0]:.2f}" if method == OURS else
                         f"{c[0]:.2f} ({lead_text(c)})" for c in cells]
                rows.append(f"| {name_of(method)} | {seeds} | " + " | ".join(texts) + " |")
            if rows:
                lines += ["", f"**{len(problems)} {title}, {parallel} in flight**: score after n runs (how far ahead of "
                          f"it {OURS} is on the same seeds)", "",
                          "| method | seeds | " + " | ".join(str(n) for n in AT) + " |",
                          "|---|---|" + "---|" * len(AT), *rows]
    lines += ["", "**Value reached, one at a time** (median over all seeds, and how many)", ""]
    methods = methods_of(results)
    lines += ["| problem | n | " + " | ".join(map(name_of, methods)) + " |", "|---|---|" + "---|" * len(methods)]
    for problem in OPTIMA:
        for n in AT:
            cells = [results.get((problem, method, 1, n)) for method in methods]
            if any(cells):
                lines.append(f"| {problem} | {n} | " + " | ".join(
                    "-" if not c else f"{statistics.median(v for v, _ in c.values()):.5g} ({len(c)})"
                    for c in cells) + " |")
    return lines


def runs_needed(results):
    """After how many runs ours is where another is after 200 (or what it has), and after 500."""
    lines = []
    for title, problems in SETS.items():
        for parallel in in_flight(results):
            for method in methods_of(results)[1:]:
                have = [n for n in AT if mean_score(results, problems, method, parallel, n)]
                for last in [n for n in have if n <= 200][-1:] + [n for n in have if n > 200]:
                    for n in CHECKPOINTS:
                        compared = mean_score(results, problems, method, parallel, last, n)
                        if compared and compared[1] >= 0:
                            break
                    else:
                        compared = None
                    lines.append(f"| {title}, {parallel} in flight | {name_of(method)} | {last} | " + (
                        f"{n} | {lead_text(compared)} | {compared[3]} |" if compared else "more | | |"))
    return ["", f"**Runs that {OURS} needs for the same mean score**", "",
            "| set | method | its runs | ours | ahead by | seeds |", "|---|---|---|---|---|---|", *lines] if lines else []


def ahead(results):
    """Where another is better by more than the noise, and by how much."""
    lines = []
    for problems in SETS.values():
        for parallel in in_flight(results):
            for n in AT:
                for problem in problems:
                    for method in methods_of(results)[1:]:
                        compared = mean_score(results, [problem], method, parallel, n)
                        if compared and compared[1] < -0.15 and compared[1] < -2 * compared[2]:
                            lines.append(f"- {problem}, {parallel} in flight, {n} runs: {name_of(method)} by "
                                         f"{-compared[1]:.2f} ± {compared[2]:.2f} ({compared[3]} seeds)")
    return ["", "**Where another is ahead by more than 0.15 and two standard errors**", "", *(dict.fromkeys(lines) or ["Nowhere."])]  # a problem may be in two sets


def timing_rows(directory):
    rows = []
    for path in sorted(glob.glob(os.path.join(directory, "*time*.csv"))):
        with open(path, encoding="utf-8") as file:
            # Ours are cheap ones and dear ones in turn: no median. The first one of another loads its packages.
            rows += [(r["method"], int(r["d"]), int(r["n"]),
                      float(r["cpu_ms_mean" if r["method"] == OURS else "cpu_ms_median"]), float(r["call_ms_max"]))
                     for r in csv.DictReader(file)]
    return rows


def timing_table(rows):
    sizes = (10, 100, 1000, 10000, 100000)
    known = {(method, d, n): f"{median:.1f} ({longest:.1f})" for method, d, n, median, longest in rows}
    lines = ["", f"**CPU ms for one more run after n runs**: of {OURS} the mean, else the median of all that it takes (the "
             "longest single call)", "",
             "| method | d | " + " | ".join(f"n = {n:,}" for n in sizes) + " |", "|---|---|" + "---|" * len(sizes)]
    for method, d in sorted({(method, d) for method, d, *_ in rows}, key=lambda k: (k[0] != OURS, k)):
        lines.append(f"| {name_of(method)} | {d} | " + " | ".join(known.get((method, d, n), "-") for n in sizes) + " |")
    return lines


def plots(directory, results, rows):
    try:
        import matplotlib
    except ImportError:
        print("no matplotlib: no plots", file=sys.stderr)
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    for parallel in in_flight(results):
        figure, axes = pyplot.subplots(figsize=(8, 4))
        for method in methods_of(results):
            found = {n: s for n in CHECKPOINTS
                     if (s := mean_score(results, SETS["functions"], method, parallel, n))}
            if found:
                seeds = min(s[3] for s in found.values())
                label = f"{name_of(method)} ({seeds} {'seed' if seeds == 1 else 'seeds'})"
                axes.plot(list(found), [s[0] for s in found.values()], marker=".", label=label,
                          linewidth=2.5 if method == OURS else 1)
        axes.set(xlabel="runs", ylabel="log10 regret (random after 50 = 0)", title=f"11 functions, {parallel} in flight",
                 xscale="log")
        last = max((x for line in axes.get_lines() for x in line.get_xdata()), default=AT[0])
        ticks = [n for n in (CHECKPOINTS[0], *AT) if n <= last]
        axes.set_xticks(ticks, labels=map(str, ticks))
        axes.minorticks_off()
        if axes.get_lines():
            axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")
        figure.tight_layout()
        figure.savefig(os.path.join(directory, f"score_{parallel}.png"), dpi=110)
    if rows:
        figure, axes = pyplot.subplots(figsize=(8, 4))
        for method in sorted({row[0] for row in rows}):
            points = sorted((n, median) for name, d, n, median, _ in rows if name == method and d == 6)
            if points:
                axes.loglog(*zip(*points), marker=".", label=name_of(method),
                            linewidth=2.5 if method == OURS else 1)
        axes.set(xlabel="runs so far", ylabel="CPU ms of a suggestion", title="6 dimensions")
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")
        figure.tight_layout()
        figure.savefig(os.path.join(directory, "time.png"), dpi=110)


def main():
    directory = sys.argv[1]
    results, rows = read(directory), timing_rows(directory)
    lines = ["# Searches compared", __doc__.split("\n\n", 1)[1].rstrip()]
    lines += quality_tables(results)
    lines += runs_needed(results)
    lines += ahead(results)
    if rows:
        lines += timing_table(rows)
    with open(os.path.join(directory, "report.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    plots(directory, results, rows)


if __name__ == "__main__":
    main()
