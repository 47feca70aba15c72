#!/usr/bin/env python3
"""A client of years ago, as scripts still pin it: a run with media, resume, a sweep by both of its agents, and reading it back."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients  # noqa: E402
from wandb_home import WandbHome, check, equal, run_scenarios  # noqa: E402

RUN = """
import numpy as np, wandb
run = wandb.init(project="old", id="old1", config={"lr": 0.1}, tags=["x"])
for i in range(5):
    run.log({"loss": 1 / (i + 1), "nan": float("nan")})
    print("line", i)
run.log({"image": wandb.Image(np.zeros((4, 4, 3), dtype=np.uint8)), "table": wandb.Table(columns=["a"], data=[[1]])})
open("kept.txt", "w").write("hi")
run.save("kept.txt")
run.summary["best"] = 1
run.finish()
run = wandb.init(project="old", id="old1", resume="must")
print("RESUMED", run.resumed)
run.log({"loss": 9})
run.finish(exit_code=1)
"""
FUNCTION = """
import wandb
sweep = wandb.sweep({"method": "grid", "metric": {"name": "m", "goal": "minimize"}, "parameters": {"x": {"values": [1, 2]}}}, project="old-function")
def train():
    with wandb.init() as run:
        run.log({"m": run.config.x})
wandb.agent(sweep, function=train, project="old-function")
print("SWEEP", sweep)
"""
TRAIN = """
import argparse, wandb
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=int)
run = wandb.init(config=vars(parser.parse_args()))
run.log({"m": run.config.x})
"""


def a_run(home):
    out = home.script(RUN, timeout=120).stdout
    check("RESUMED True" in out, out)
    run = home.api().run(f"{home.entity}/old/old1")
    equal((run.state, run.config, run.tags, run.summary["best"]), ("failed", {"lr": 0.1}, ["x"], 1), "the run")
    equal([row["loss"] for row in run.scan_history(keys=["loss"])], [1 / (i + 1) for i in range(5)] + [9], "its history")
    names = [file.name for file in run.files()]
    check("kept.txt" in names and any(name.startswith("media/images/") for name in names), f"files {names}")
    equal([each.id for each in home.api().runs(f"{home.entity}/old", filters={"state": "failed"})], ["old1"], "by a filter")


def a_function(home):
    out = home.script(FUNCTION, timeout=120).stdout
    name = next(line.split()[1] for line in out.splitlines() if line.startswith("SWEEP"))
    sweep = home.api().sweep(f"{home.entity}/old-function/{name}")
    equal((sweep.state, [run.state for run in sweep.runs]), ("FINISHED", ["finished"] * 2), "a sweep of a function")
    equal(sweep.best_run().config, {"x": 1}, "its best run")


def a_program(home):
    home.program("old_train.py", TRAIN)
    path = home.sweep("old-program", "program: old_train.py\nmethod: grid\nparameters: {x: {values: [1, 2]}}\n")
    home.end_of(home.start_wandb("agent", path), 0, 120, "the agent")
    equal(sorted(run.summary["m"] for run in home.api().sweep(path).runs), [1, 2], "a sweep of a program")
    equal({run.state for run in home.api().sweep(path).runs}, {"finished"}, "its runs")


def main():
    version = clients.enter()
    with WandbHome() as home:
        print(f"wandb {version} at {home.url}")
        run_scenarios(home, [a_run, a_function, a_program])


if __name__ == "__main__":
    main()
