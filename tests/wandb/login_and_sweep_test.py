#!/usr/bin/env python3
"""`wandb login`, `wandb sweep` in all its forms, and `wandb agent` to the end of a grid, by the real client."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients  # noqa: E402
from wandb_home import WandbHome, check, equal, run_scenarios, wait_until  # noqa: E402

TRAIN = """
import argparse, json, os, wandb
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--kind")
parser.add_argument("--opt")
given, rest = parser.parse_known_args()
run = wandb.init(config=vars(given))
with open(os.environ["SAID"], "a") as said:
    said.write(json.dumps({"run": run.id, "argv": __import__("sys").argv[1:], "config": dict(run.config)}) + "\\n")
run.log({"loss": run.config["lr"] * 2, "step": 1})
"""

GRID = """
program: train.py
method: grid
metric: {name: loss, goal: minimize}
parameters:
  lr: {values: [0.1, 0.5]}
  kind: {value: a b}
"""


def login(home):
    netrc = os.path.join(home.work, "netrc-login")
    env = {"WANDB_API_KEY": "", "NETRC": netrc}
    out = home.wandb("login", home.key, env=env).stdout
    check("Currently logged in as" in out, out)
    with open(netrc, encoding="utf-8") as file:
        check(home.key in file.read(), "the key was not kept")
    out = home.wandb("login", "--verify", env=env).stdout
    check("Currently logged in as" in out, out)
    bad = home.wandb("login", "z" * 40, env=env, check_code=1).stdout
    check("Failed to authenticate" in bad, bad)
    home.wandb("login", "--no-verify", "y" * 40, env=env)
    bad = home.wandb("login", "--verify", env=env, check_code=None)
    check(bad.returncode != 0 and "authenticate" in bad.stdout, f"{bad.returncode} {bad.stdout}")


def environment_of_a_shell(home):
    """`sweepctl wandb-env` is all that a shell needs."""
    done = home.start_client(
        ["/bin/sh", "-c", f'eval "$({home.binary} wandb-env)"; exec "$0" login --verify', home.command],
        env={"WANDB_BASE_URL": "", "WANDB_API_KEY": "", "SWEEPCTL_HOME": home.path},
    )
    home.end_of(done, 0, 60, "login by wandb-env")


def refused_sweeps(home):
    count = 'query($e: String!) { project(name: "refused", entityName: $e) { totalSweeps } }'

    def total():
        project = home.data(count, {"e": home.entity})["project"]
        return project["totalSweeps"] if project else 0

    def refused(text, *words):
        path = home.program("bad.yaml", text)
        done = home.wandb("sweep", "-p", "refused", path, check_code=1)
        for word in words:
            check(word in done.stdout, f"'{word}' is not in:\n{done.stdout}")

    refused("program: x\nparameters: {a: {value: 1}}\n", "method")
    refused("program: x\nmethod: gird\nparameters: {a: {value: 1}}\n", "method")
    refused("program: x\nmethod: grid\nparameters: {a: {min: 5, max: 1}}\n", "a")
    equal(total(), 0, "sweeps made by what was refused")


def forms(home):
    """Create, name, update, prior runs, nested parameters; and what the client reads back."""
    path = home.sweep("forms", GRID, "--name", "nice name")
    sweep = home.api().sweep(path)
    equal((sweep.name, sweep.state, sweep.expected_run_count), ("nice name", "PENDING", 2), "a new sweep")
    equal(sweep.config["parameters"]["lr"], {"values": [0.1, 0.5]}, "its parameters")
    equal(sweep.config["metric"], {"name": "loss", "goal": "minimize"}, "its metric")
    bigger = home.program("bigger.yaml", GRID.replace("[0.1, 0.5]", "[0.1, 0.5, 1.0]"))
    home.wandb("sweep", "--update", path, bigger)
    sweep = home.api().sweep(path)
    equal(sweep.expected_run_count, 3, "cells after --update")
    home.sweep("forms", GRID, "--prior_run", "r1", "--prior_run", "r2")
    out = home.script("""
import wandb
print("SWEEP", wandb.sweep({
    "method": "random", "name": "by python", "program": "t.py", "metric": {"name": "m", "goal": "maximize"},
    "parameters": {"x": {"min": 0, "max": 5}, "y": {"min": 0.0, "max": 1.0}, "z": {"values": [1, 2.0, "008", None, True]},
                   "opt": {"parameters": {"name": {"values": ["sgd", "adam"]}, "lr": {"min": 0.0, "max": 1.0}}}}}, project="forms"))
""").stdout
    name = [line.split()[-1] for line in out.splitlines() if line.startswith("SWEEP")][0]
    sweep = home.api().sweep(f"{home.entity}/forms/{name}")
    equal((sweep.name, sweep.expected_run_count), ("by python", None), "a random sweep")
    equal(sweep.config["parameters"]["z"]["values"], [1, 2.0, "008", None, True], "values keep their types")
    check(len(list(home.api().project("forms", home.entity).sweeps())) == 3, "three sweeps in the project")


def verbs(home):
    """The control verbs and the states they make, on a sweep that nobody works."""
    path = home.sweep("verbs", GRID)
    state = lambda: home.api().sweep(path).state  # noqa: E731
    equal(state(), "PENDING", "new")
    check("Cannot pause pending" in home.wandb("sweep", "--pause", path, check_code=1).stdout, "--pause of a pending sweep")
    home.wandb("sweep", "--resume", path)
    home.wandb("sweep", "--pause", path, check_code=None)
    home.wandb("sweep", "--stop", path)
    equal(state(), "FINISHED", "after --stop")
    check("already finished" in home.wandb("sweep", "--stop", path, check_code=1).stdout, "--stop twice")
    home.wandb("agent", path, check_code=1)
    other = home.sweep("verbs", GRID)
    home.wandb("sweep", "--cancel", other)
    equal(home.api().sweep(other).state, "CANCELED", "after --cancel")
    nowhere = path.rpartition("/")[0] + "/nosuchid"
    check("not found" in home.wandb("sweep", "--cancel", nowhere, check_code=1).stdout, "--cancel of an unknown sweep")
    check("not found" in home.wandb("agent", nowhere, check_code=1).stdout, "agent of an unknown sweep")


def grid_by_agent(home):
    """The real agent works a grid to its end: each cell once, arguments and configuration as W&B passes them."""
    said = os.path.join(home.work, "said")
    home.program("train.py", TRAIN)
    path = home.sweep("grid", GRID)
    agent = home.start_wandb("agent", path, env={"SAID": said})
    home.end_of(agent, 0, 90, "the agent of a grid of two")
    import json

    lines = [json.loads(line) for line in open(said, encoding="utf-8")]
    equal(sorted(line["config"]["lr"] for line in lines), [0.1, 0.5], "cells")
    for line in lines:
        equal(line["argv"], ["--kind=a b", f"--lr={line['config']['lr']}"], "arguments, in the order of names")
    runs = list(home.api().sweep(path).runs)
    equal(sorted((run.id, run.state) for run in runs), sorted((line["run"], "finished") for line in lines), "runs")
    equal(sorted(run.summary["loss"] for run in runs), [0.2, 1.0], "summaries")
    equal(home.api().sweep(path).state, "FINISHED", "the sweep when its grid is done")
    best = home.api().sweep(path).best_run()
    equal(best.summary["loss"], 0.2, "the best run")
    name = path.split("/")[-1]
    ours = home.runs(name)
    equal(sorted(run["id"] for run in ours), sorted(run.id for run in runs), "what sweepctl lists")
    check(all(run["state"] == "finished" for run in ours), f"what sweepctl says of them: {ours}")


def random_by_count(home):
    """--count, nested parameters, command macros and the environment of a child."""
    said = os.path.join(home.work, "said-random")
    home.program(
        "shown.py",
        "import os, sys, wandb\nrun = wandb.init()\nopen(os.environ['SAID'], 'a').write(repr((sys.argv[1:], "
        "dict(run.config), os.environ['WANDB_SWEEP_ID'], run.sweep_id)) + '\\n')\n",
    )
    path = home.sweep(
        "random",
        """
program: shown.py
method: random
command: ["${env}", "python", "${program}", "${args_json}", "${args_no_hyphens}"]
parameters:
  n: {min: 1, max: 3}
  x: {min: 0.0, max: 1.0}
  flag: {values: [true]}
  opt: {parameters: {name: {values: [sgd]}, lr: {value: 0.25}}}
""",
    )
    home.end_of(home.start_wandb("agent", "--count", "2", path, env={"SAID": said}), 0, 90, "the agent of two runs")
    lines = [eval(line) for line in open(said, encoding="utf-8")]  # noqa: S307  (written by our own program)
    equal(len(lines), 2, "runs")
    for argv, config, sweep_id, run_sweep in lines:
        equal((sweep_id, run_sweep), (path.split("/")[-1],) * 2, "the child's sweep")
        check(config["n"] in (1, 2, 3) and isinstance(config["n"], int) and 0 <= config["x"] <= 1, f"drawn: {config}")
        equal((config["flag"], config["opt"]), (True, {"name": "sgd", "lr": 0.25}), "fixed values")
        import json

        equal(json.loads(argv[0]), config, "${args_json}")
        check("flag=True" in argv and f"n={config['n']}" in argv, f"${{args_no_hyphens}}: {argv}")
    equal(home.api().sweep(path).state, "RUNNING", "a random sweep whose agent left")
    wait_until(lambda: all(run.state == "finished" for run in home.api().sweep(path).runs), 60, "both runs to be finished")


def main():
    version = clients.enter()
    with WandbHome() as home:
        print(f"wandb {version} at {home.url}")
        run_scenarios(home, [grid_by_agent, random_by_count, login, environment_of_a_shell, refused_sweeps, forms, verbs], parallel=5)


if __name__ == "__main__":
    main()
