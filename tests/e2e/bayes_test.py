#!/usr/bin/env python3
"""A real sweep and `suggest` propose the same, run for run, also after the controller was killed."""

import json
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sweepctl_home import Home, wait_until  # noqa: E402

SPEC = """
method: bayes
metric: {name: loss}
run_cap: 24
command: [/usr/bin/python3, -c, "import json, math, os, sys; c = json.loads(sys.argv[1]);
  loss = (math.log10(c['lr']) + 3) ** 2 + (c['opt']['beta'] - 0.3) ** 2 + (c['opt']['name'] == 'sgd');
  open(os.environ['SWEEPCTL_METRICS'], 'a').write(json.dumps({'loss': loss}) + chr(10)); sys.exit(c['layers'] == 3)",
  "${args_json}"]
parameters:
  lr: {distribution: log_uniform_values, min: 1e-5, max: 1e-1}
  layers: {values: [1, 2, 3]}
  opt: {parameters: {name: {values: [sgd, adam]}, beta: {min: 0.0, max: 1.0}}}
sweepctl: {seed: 5, parallel: 1, fail_fast: false}
"""


KEYS = ("name", "state", "config", "summary", "history", "number", "suggestion")


def ended(home, sweep):
    return [run for run in home.runs(sweep) if run["state"] in ("finished", "failed")]


def kill_controller(home):
    for pid in home.controller():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not home.controller(), 10, "the controller to be gone")
    home.serve()


def in_order(home, sweep):
    return sorted(home.runs(sweep), key=lambda run: int(run["name"].rpartition("-")[2]))


def check_suggestions(home, runs, *prior):
    """Each run that was not enqueued is what `suggest` says of those before it."""
    spec, history = os.path.join(home.path, "spec.yaml"), os.path.join(home.path, "runs.jsonl")
    for k, run in enumerate(runs):
        if run.get("suggestion", k) is None:
            continue
        with open(history, "w", encoding="utf-8") as file:
            for before in reversed(runs[:k]) if "suggestion" in run else runs[:k]:
                file.write(json.dumps({key: before[key] for key in KEYS if key in before}) + "\n")
        said = json.loads(home.run("suggest", spec, "--runs", history, *prior).stdout)
        assert said["config"] == run["config"], f"run {k + 1}: {said['config']} is not {run['config']}"


def alone(home):
    sweep = home.launch(SPEC)
    wait_until(lambda: len(ended(home, sweep)) >= 8, 60, "the first runs")
    kill_controller(home)
    home.run("wait", sweep, check=False)
    runs = in_order(home, sweep)
    assert len(runs) == 24, len(runs)
    assert {run["state"] for run in runs} == {"finished", "failed"}, runs
    check_suggestions(home, runs)
    best = min(run["summary"]["loss"] for run in runs if run["state"] == "finished")
    assert best < 0.3, best
    return sweep, runs


def with_prior(home, first, known):
    """A sweep that knows the other's runs, by id and by file."""
    spec = SPEC.replace("run_cap: 24", "run_cap: 8")
    sweep = home.launch(spec, "--prior", first)
    prior = os.path.join(home.path, "prior.jsonl")
    with open(prior, "w", encoding="utf-8") as file:
        file.write(home.run("show", sweep, "--prior").stdout)
    wait_until(lambda: len(ended(home, sweep)) >= 3, 60, "the first runs")
    kill_controller(home)
    home.run("rm", first, "--force")
    home.run("wait", sweep, check=False)
    runs = in_order(home, sweep)
    assert len(runs) == 8, len(runs)
    check_suggestions(home, runs, "--prior", prior)
    tried = [json.dumps(run["config"], sort_keys=True) for run in known + runs]
    assert len(set(tried)) == len(tried), "what was known is run again"
    shown = home.show(sweep)
    assert shown["prior"] == {"source": f"sweep {first}", "runs": 24, "with_metric": 24 - failed(known)}, shown["prior"]

    again = home.launch(spec, "--prior", prior)
    home.run("wait", again, check=False)
    assert [run["config"] for run in in_order(home, again)] == [run["config"] for run in runs], "a file tells something else"
    home.run("fsck")


def exported(home):
    """What `export` writes says all: which runs were enqueued, and the best value of each."""
    spec = SPEC.replace("run_cap: 24", "run_cap: 9").replace("json.dumps({'loss': loss}) + chr(10)", "LINES").replace(
        "LINES", "''.join(json.dumps({'loss': each}) + chr(10) for each in (9, loss, 8))")
    sweep = home.launch(spec, "--paused")
    for lr in ("0.0011", "0.0031"):
        home.run("enqueue", sweep, f"lr={lr}", "layers=1", "opt.name=adam", "opt.beta=0.5")
    home.run("resume", sweep)
    home.run("wait", sweep, check=False)
    lines = home.run("export", sweep, "--format", "jsonl").stdout.splitlines()
    runs = [json.loads(line) for line in lines]
    assert [run["suggestion"] for run in runs] == [None, None, *range(7)], runs
    assert all(len(run["history"]) == 3 and run["history"][2] == {"loss": 8} for run in runs), runs
    check_suggestions(home, runs)
    files = [os.path.join(home.path, name) for name in ("runs.jsonl", "runs.csv")]
    for path in files:
        home.run("export", sweep, "--format", path.rpartition(".")[2], "-o", path)
    of_sweep, of_jsonl, of_csv = (known(home, spec, prior) for prior in (sweep, *files))
    assert of_jsonl == of_sweep, of_jsonl
    for run in of_sweep:  # A table has no column for the worst value.
        run["history"].remove({"loss": 9})
    assert of_csv == of_sweep, of_csv


def known(home, spec, prior):
    sweep = home.launch(spec, "--paused", "--prior", prior)
    return [json.loads(line) for line in home.run("show", sweep, "--prior").stdout.splitlines()]


def exhausted(home):
    """What is known of a small space counts as tried, and not as to come."""
    spec = """
method: bayes
metric: {name: loss}
command: [/bin/sh, -c, "sweepctl log loss=$1", x, "${a}"]
parameters: {a: {values: [1, 2, 3, 5]}}
sweepctl: {seed: 1}
"""
    path = os.path.join(home.path, "known.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps({"name": "k", "state": "finished", "config": {"a": 3}, "summary": {"loss": 3}}) + "\n")
    sweep = home.launch(spec, "--prior", path)
    home.run("wait", sweep, check=False)
    assert sorted(run["config"]["a"] for run in home.runs(sweep)) == [1, 2, 5]
    assert home.show(sweep)["expected_runs"] == 3, home.show(sweep)


def failed(runs):
    return sum(run["summary"].get("loss") is None for run in runs)


def main():
    with Home(slots=1) as home:
        home.serve()
        first, runs = alone(home)
        with_prior(home, first, runs)
        exported(home)
        exhausted(home)


main()
