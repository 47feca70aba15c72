#!/usr/bin/env python3
"""examples/wandb as its README says: one script and one sweep, by `sweepctl launch` and by `wandb sweep` + `wandb agent`."""

import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients  # noqa: E402
from wandb_home import ROOT, WandbHome, check, equal, run_scenarios  # noqa: E402


def copy(home, name):
    place = os.path.join(home.path, name)
    shutil.copytree(os.path.join(ROOT, "examples/wandb"), place)
    return place


def states_of(home, place, *arguments):
    done = home.start_client([sys.executable, os.path.join(place, "states.py"), *arguments], env={"WANDB_SILENT": "true"})
    home.end_of(done, 0, 60, "states.py")
    return [line.split() for line in home.output_of(done).splitlines()]


def launched(home):
    place = copy(home, "launched")
    # Whoever calls sweepctl has the client's environment active; nothing else is set.
    env = {**home.env, "PATH": home.client["PATH"]}
    import subprocess

    done = subprocess.run(
        [home.binary, "launch", "sweep.yaml", "--detach"], cwd=place, env=env, stdout=subprocess.PIPE, text=True, timeout=60
    )
    equal(done.returncode, 0, f"launch: {done.stdout}")
    sweep = done.stdout.strip().splitlines()[-1]
    home.run("wait", sweep, check=False, timeout=200)
    runs = home.runs(sweep)
    equal([run["state"] for run in runs], ["finished"] * 6, "runs of the launched sweep")
    best = home.api().sweep(f"{home.entity}/tutorial/{sweep}").best_run()
    check(
        best.summary["loss"] < 0.1 and best.config["lr"] == 0.2 and best.config["batch_size"] == 16,
        f"the best run: {best.config} {best.summary['loss']}",
    )


def by_the_client(home):
    place = copy(home, "by-the-client")
    out = home.wandb("sweep", "--project", "by-hand", "sweep.yaml", cwd=place).stdout
    path = next(line.split()[-1] for line in out.splitlines() if "wandb agent " in line)
    home.end_of(home.start_wandb("agent", path, cwd=place), 0, 200, "the agent")
    equal([run.state for run in home.api().sweep(path).runs], ["finished"] * 6, "runs of the client's sweep")
    shown = states_of(home, place, "by-hand")
    equal([words[-1] for words in shown], ["finished"] * 6, "states.py")
    few = states_of(home, place, "by-hand", '{"state": "finished", "config.lr": 0.05}')
    equal(len(few), 2, "states.py with a filter")


def main():
    version = clients.enter()
    with WandbHome() as home:
        print(f"wandb {version} at {home.url}")
        run_scenarios(home, [launched, by_the_client], parallel=2)


if __name__ == "__main__":
    main()
