#!/usr/bin/env python3
"""Records what the newest real client sends to a real controller: run it when the client's version changes.

python3 tests/wandb/record.py        writes tests/wandb/recorded/*.jsonl
"""

import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients  # noqa: E402
from traffic import Recorder  # noqa: E402
from wandb_home import HERE, WandbHome  # noqa: E402

# Nothing of the machine that records: no metadata, no system metrics, no list of packages.
PLAIN = {
    "WANDB__DISABLE_META": "true",
    "WANDB__DISABLE_STATS": "true",
    "WANDB__SAVE_REQUIREMENTS": "false",
    "WANDB__DISABLE_MACHINE_INFO": "true",
}

TRAIN = """
import wandb
run = wandb.init()
for step in range(3):
    run.log({"loss": run.config["lr"] / (step + 1)})
print("trained")
"""
RUN = """
import wandb
run = wandb.init(project="recorded", id="recorded-run", config={"lr": 0.1, "nest": {"a": 1}}, tags=["t"], group="g", notes="n")
run.log({"loss": 1.5, "nan": float("nan"), "nested": {"x": 1}})
run.log({"loss": 0.5})
open("kept.txt", "w").write("kept")
run.save("kept.txt")
run.summary["best"] = 0.5
run.alert("title", "text")
run.finish()
again = wandb.init(project="recorded", id="recorded-run", resume="must")
again.log({"loss": 0.25})
again.finish()
failed = wandb.init(project="recorded", id="recorded-failed")
failed.log({"loss": 9})
failed.finish(exit_code=3)
"""
READ = """
import wandb
api = wandb.Api()
path = f"{api.default_entity}/recorded"
print([(run.name, run.state) for run in api.runs(path, filters={"state": "finished"}, order="-created_at")])
run = api.run(f"{path}/recorded-run")
print(dict(run.summary), run.config, run.history(pandas=False), list(run.scan_history()), run.history(keys=["loss"], pandas=False))
print([file.name for file in run.files()], [line.content for line in run.console_logs()])
run.tags.append("later")
run.update()
run.stop()
print(list(api.projects(api.default_entity)), list(api.project("recorded", api.default_entity).sweeps()))
api.run(f"{path}/recorded-failed").delete()
"""


def record(home, name, actions):
    scrub = [
        (home.work, "programs"),
        (home.path, "home"),
        (sys.prefix, "/opt/python"),
        (socket.gethostname(), "host"),
        (os.uname().release, "kernel"),
        (home.key, "k" * 40),
    ]
    recorder = Recorder(home.url, scrub)
    through = dict(PLAIN, WANDB_BASE_URL=recorder.url)
    try:
        actions(home, through)
    finally:
        os.makedirs(os.path.join(HERE, "recorded"), exist_ok=True)
        recorder.close(os.path.join(HERE, "recorded", name + ".jsonl"))
    print(f"{name}: {len(recorder.lines)} requests")


def sweep(home, through):
    home.wandb("login", home.key, env={**through, "NETRC": os.path.join(home.work, "netrc-recorded")})
    home.program("train.py", TRAIN)
    spec = home.program(
        "sweep.yaml",
        "program: train.py\nmethod: grid\nmetric: {name: loss, goal: minimize}\nparameters: {lr: {values: [0.1, 0.2]}}\n",
    )
    out = home.wandb("sweep", "--project", "recorded-sweep", spec, env=through).stdout
    path = next(line.split()[-1] for line in out.splitlines() if "wandb agent " in line)
    home.end_of(home.start_wandb("agent", path, env=through), 0, 90, "the agent")
    home.script(
        f"import wandb\nsweep = wandb.Api().sweep({path!r})\nprint(sweep.state, sweep.best_run().summary, [run.state for run in sweep.runs], sweep.agents())\n",
        env=through,
    )
    home.wandb("sweep", "--resume", path, env=through)
    home.wandb("sweep", "--cancel", path, env=through, check_code=None)


def main():
    version = clients.enter()
    with WandbHome() as home:
        print(f"wandb {version} at {home.url}")
        record(home, "sweep", sweep)
        record(home, "run", lambda home, through: home.script(RUN, env=through))
        record(home, "read", lambda home, through: home.script(READ, env=through))


if __name__ == "__main__":
    main()
