#!/usr/bin/env python3
"""The controller is killed while real clients log, and started again: clients go on, no line is lost or doubled, states are right."""

import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients  # noqa: E402
from wandb_home import WandbHome, check, equal, run_scenarios, wait_until  # noqa: E402

LINES = 300
LOGGER = """
import sys, time, wandb
run = wandb.init(project="restart", id=sys.argv[1], config={"who": sys.argv[1]})
for i in range(int(sys.argv[2])):
    run.log({"x": i})
    print("said", i)
    if i % 10 == 9:
        time.sleep(0.4)
run.finish(exit_code=int(sys.argv[3]))
"""
WORKER = """
import os, time, wandb
run = wandb.init()
for x in range(40):
    run.log({"x": x, "i": run.config["i"]})
    time.sleep(0.1)
with open(os.environ["SAID"], "a") as file:
    file.write(f"{run.config['i']} {run.id}\\n")
"""


def loggers(home):
    """Several plain runs log on through four deaths of the controller."""
    processes = {
        name: home.start_script(LOGGER, name, str(LINES), code) for name, code in (("a", "0"), ("b", "0"), ("c", "3"), ("d", "0"))
    }
    agent_log = os.path.join(home.path, "said")
    home.program("worker.py", WORKER)
    path = home.sweep("restart-sweep", "program: worker.py\nmethod: grid\nparameters: {i: {values: [1, 2, 3]}}\n")
    agent = home.start_wandb("agent", path, env={"SAID": agent_log})
    for name in processes:
        home.wait_state(f"{home.entity}/restart/{name}", "running", 60)
    chance = random.Random(int(os.environ.get("RESTART_SEED", "7")))
    deaths = 0
    while deaths < 4 or (deaths < 8 and any(process.poll() is None for process in processes.values())):
        pids = home.controller()
        home.kill(pids)
        wait_until(lambda: not home.controller(), 60, "the controller's end")
        pause = time.monotonic() + chance.choice([0.0, 0.2, 1.0, 2.0])
        wait_until(lambda: time.monotonic() > pause, 60, "a moment without a controller")
        home.serve()
        equal(home.exports()["WANDB_BASE_URL"], home.url, "where the controller is, after a restart")
        deaths += 1
        moment = time.monotonic() + chance.choice([0.3, 1.0, 2.5])
        wait_until(lambda: time.monotonic() > moment, 60, "a moment with a controller")
    for name, process in processes.items():
        home.end_of(process, 0, 120, f"logger {name}")
    home.end_of(agent, 0, 120, "the agent")
    print(f"{deaths} deaths of the controller")
    for name in processes:
        run = home.api().run(f"{home.entity}/restart/{name}")
        equal(run.state, "failed" if name == "c" else "finished", f"{name}")
        equal([row["x"] for row in run.scan_history()], list(range(LINES)), f"{name}: history")
        equal([row["_step"] for row in run.scan_history()], list(range(LINES)), f"{name}: steps")
        said = [line.content for line in run.console_logs() if line.content.startswith("said")]
        equal(said, [f"said {i}" for i in range(LINES)], f"{name}: console")
        equal((run.summary["x"], run.config), (LINES - 1, {"who": name}), f"{name}: summary and config")
        check({"config.yaml", "wandb-summary.json", "output.log"} <= {file.name for file in run.files()}, f"{name}: files")
    lines = [line.split() for line in open(agent_log, encoding="utf-8")]
    equal(sorted(line[0] for line in lines), ["1", "2", "3"], "cells that ran, each once")
    runs = list(home.api().sweep(path).runs)
    equal({run.config["i"]: run.state for run in runs}, {1: "finished", 2: "finished", 3: "finished"}, "runs of the sweep")
    equal(len(runs), 3, "runs of the sweep")
    for run in runs:
        equal([row["x"] for row in run.scan_history()], list(range(40)), f"cell {run.config['i']}: history")
    equal(home.api().sweep(path).state, "FINISHED", "the sweep")
    fsck = home.run("fsck", check=False)
    check(fsck.returncode == 0, f"fsck: {fsck.stdout}{fsck.stderr}")


def main():
    version = clients.enter()
    with WandbHome() as home:
        # The client asks for long enough; what it asks for is a setting of its own.
        home.client.update(WANDB__GRAPHQL_RETRY_MAX="100", WANDB_INIT_TIMEOUT="90")
        print(f"wandb {version} at {home.url}")
        run_scenarios(home, [loggers], deadline=600)


if __name__ == "__main__":
    main()
