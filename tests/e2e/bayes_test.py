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


def main():
    with Home(slots=1) as home:
        home.serve()
        sweep = home.launch(SPEC)

        def ended():
            return [run for run in home.runs(sweep) if run["state"] in ("finished", "failed")]

        wait_until(lambda: len(ended()) >= 8, 60, "the first runs")
        for pid in home.controller():
            os.kill(pid, signal.SIGKILL)
        home.serve()
        home.run("wait", sweep, check=False)
        runs = sorted(home.runs(sweep), key=lambda run: int(run["name"].rpartition("-")[2]))
        assert len(runs) == 24, len(runs)
        assert {run["state"] for run in runs} == {"finished", "failed"}, runs

        spec, history = os.path.join(home.path, "spec.yaml"), os.path.join(home.path, "runs.jsonl")
        for k, run in enumerate(runs):
            with open(history, "w", encoding="utf-8") as file:
                for before in runs[:k]:
                    file.write(json.dumps({key: before[key] for key in ("name", "state", "config", "summary")}) + "\n")
            said = json.loads(home.run("suggest", spec, "--runs", history).stdout)
            assert said["config"] == run["config"], f"run {k + 1}: {said['config']} is not {run['config']}"
        best = min(run["summary"]["loss"] for run in runs if run["state"] == "finished")
        assert best < 0.3, best


main()
