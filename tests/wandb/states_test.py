#!/usr/bin/env python3
"""All six states, right as the public API shows them, under our agent, under the client's, and under none."""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients  # noqa: E402
from wandb_home import WandbHome, check, equal, run_scenarios, wait_until  # noqa: E402

# Says its pid, logs, then does what it is told.
PROGRAM = """
import os, sys, time, wandb
how = sys.argv[1].split("=")[-1]
run = wandb.init()
run.log({"loss": 1.5})
with open(os.path.join(os.environ["PIDS"], f"{run.id}.{how}"), "w") as file:
    file.write(str(os.getpid()))
if how == "fail":
    sys.exit(3)
if how == "finish5":
    run.finish()
    sys.exit(5)
if how == "raise":
    raise ValueError("on purpose")
if how == "long":
    while True:
        run.log({"loss": 1.0})
        time.sleep(0.2)
run.log({"loss": 0.5})
"""

SPEC = """
program: {program}
method: grid
command: ["{python}", "${{program}}", "${{args}}"]
parameters: {{how: {{values: {hows}}}}}
sweepctl: {{heartbeat_timeout: 15s, fail_fast: false, env: {{PIDS: "{pids}"}}}}
"""


def spec(home, hows, pids):
    os.makedirs(pids, exist_ok=True)
    return SPEC.format(program=home.program("states.py", PROGRAM), python=sys.executable, hows=hows, pids=pids)


def pid_of(pids, how, seconds=90):
    """(run, pid) of the program that was told `how`, when it has come so far."""

    def there():
        for name in os.listdir(pids):
            run, _, what = name.rpartition(".")
            text = open(os.path.join(pids, name), encoding="utf-8").read()
            if what == how and text:
                return run, int(text)
        return None

    return wait_until(there, seconds, f"a program that is to '{how}'")


def states(home, path):
    return {run.config["how"]: run.state for run in home.api().sweep(path).runs}


def launched(home):
    pids = os.path.join(home.path, "pids-launched")
    sweep = home.launch("project: launched\n" + spec(home, ["good", "fail", "raise", "finish5"], pids))
    home.run("wait", sweep, check=False, timeout=90)
    path = f"{home.entity}/launched/{sweep}"
    equal(states(home, path), {"good": "finished", "fail": "failed", "raise": "failed", "finish5": "finished"}, "launched runs")
    runs = list(home.api().runs(f"{home.entity}/launched"))
    equal(len(runs), 4, "runs of the project: one for each execution, not two")
    good = next(run for run in runs if run.config["how"] == "good")
    equal((good.summary["loss"], [row["loss"] for row in good.scan_history()]), (0.5, [1.5, 0.5]), "what the SDK logged")
    ours = {run["config"]["how"]: run for run in home.runs(sweep)}
    equal(
        (ours["good"]["state"], ours["good"]["summary"]["loss"], ours["fail"]["exit_code"]),
        ("finished", 0.5, 3),
        "what sweepctl shows",
    )


def launched_environment(home):
    """Where the server is and the key are a pair: ours, unless the user set their own. A user's project and name stay."""
    program = home.program(
        "shows.py",
        "import json, os\nopen(os.environ['SAID'], 'w').write(json.dumps({k: v for k, v in os.environ.items() if k.startswith('WANDB_')}))\n",
    )

    def shown(name, **environment):
        said = os.path.join(home.path, name)
        spec_path = home.program(
            name + ".yaml",
            f"project: {name}\nprogram: {program}\nmethod: grid\ncommand: ['{sys.executable}', '${{program}}']\nparameters: {{x: {{value: 1}}}}\n"
            f"sweepctl: {{env: {{SAID: '{said}'}}}}\n",
        )
        done = subprocess.run(
            [home.binary, "launch", spec_path, "--detach"],
            env={**home.env, **environment},
            cwd=home.work,
            text=True,
            stdout=subprocess.PIPE,
            check=True,
            timeout=60,
        )
        sweep = done.stdout.split()[-1]
        home.run("wait", sweep, check=False, timeout=60)
        with open(said, encoding="utf-8") as file:
            return sweep, home.runs(sweep)[0]["id"], json.load(file)

    sweep, run, env = shown("env-ours")
    equal((env["WANDB_BASE_URL"], env["WANDB_API_KEY"]), (home.url, home.key), "where our server is")
    equal((env["WANDB_RUN_ID"], env["WANDB_SWEEP_ID"], env["WANDB_PROJECT"]), (run, sweep, "env-ours"), "who the run is")
    _, _, env = shown("env-theirs", WANDB_BASE_URL="http://127.0.0.1:9", WANDB_API_KEY="a" * 40)
    equal((env["WANDB_BASE_URL"], env["WANDB_API_KEY"]), ("http://127.0.0.1:9", "a" * 40), "the user's own server and key")


def launched_deaths(home):
    """Under our agent: kill -9 of the program is crashed, stop-run and cancel are killed, at once."""
    pids = os.path.join(home.path, "pids-deaths")
    sweep = home.launch("project: deaths\n" + spec(home, ["long"], pids))
    run, pid = pid_of(pids, "long")
    path = f"{home.entity}/deaths/{run}"
    home.wait_state(path, "running", 60)
    os.kill(pid, signal.SIGKILL)
    home.wait_state(path, "crashed", 60)
    home.run("retry", run)
    os.unlink(os.path.join(pids, f"{run}.long"))
    run, pid = pid_of(pids, "long")
    home.wait_state(path, "running", 60)
    home.run("cancel", sweep)
    equal(home.state_of(path), "killed", "after cancel")
    equal(home.api().sweep(f"{home.entity}/deaths/{sweep}").state, "CANCELED", "the sweep")


def foreign_agent(home):
    """Under `wandb agent`: finished, failed, crashed by kill -9, then pending is nobody."""
    pids = os.path.join(home.path, "pids-foreign")
    path = home.sweep("foreign", spec(home, ["good", "fail", "long"], pids))
    agent = home.start_wandb("agent", path, env={"PIDS": pids})
    run, pid = pid_of(pids, "long", 90)
    home.wait_state(f"{home.entity}/foreign/{run}", "running", 60)
    equal(
        {how: state for how, state in states(home, path).items() if how != "long"},
        {"good": "finished", "fail": "failed"},
        "ended runs",
    )
    os.kill(pid, signal.SIGKILL)
    home.wait_state(f"{home.entity}/foreign/{run}", "crashed", 60)
    home.end_of(agent, 0, 60, "the agent, when the grid is done")
    equal(home.api().sweep(path).state, "FINISHED", "the sweep")


def never_started(home):
    """A program with a typo never calls init: its runs are failed, and the agent gives up by itself."""
    path = home.sweep("typo", "program: nosuch.py\nmethod: random\nparameters: {x: {min: 0.0, max: 1.0}}\n")
    agent = home.start_wandb("agent", path)
    home.end_of(agent, 0, 60, "the agent of a typo")
    wait_until(
        lambda: [run.state for run in home.api().sweep(path).runs].count("failed") >= 2, 90, "runs that nobody started to be failed"
    )
    check({run.state for run in home.api().sweep(path).runs} <= {"failed", "pending"}, "runs of a typo")


def loose(home):
    """Without any sweep: kill -9 is crashed when its heartbeats have stopped for long enough; pending and failed by hand."""
    process = home.start_script(
        'import time, wandb\nrun = wandb.init(project="loose", id="gone")\nwhile True:\n    run.log({"x": 1})\n    time.sleep(0.2)\n'
    )
    path = f"{home.entity}/loose/gone"
    home.wait_state(path, "running", 60)
    home.kill([pid for pid in home.clients() if os.getsid(pid) == process.pid])
    process.wait(60)
    began = time.monotonic()
    home.wait_state(path, "crashed", 200)
    check(time.monotonic() - began < 200, "a shortened timeout")
    from wandb.apis.public import Run

    api = home.api()
    pending = Run.create(api, run_id="waits", project="loose", entity=home.entity, state="pending")
    equal((pending.state, home.state_of(f"{home.entity}/loose/waits")), ("pending", "pending"), "a run created as pending")
    check(home.api().run(f"{home.entity}/loose/waits").update_state("failed"), "update_state")
    equal(home.state_of(f"{home.entity}/loose/waits"), "failed", "after update_state")
    home.script('import wandb\nrun = wandb.init(project="loose", id="waits2")\nrun.log({"x": 1})\n')
    equal(home.state_of(f"{home.entity}/loose/waits2"), "finished", "a plain run")


def main():
    version = clients.enter()
    with WandbHome(slots=4, heartbeat_timeout="12s") as home:
        print(f"wandb {version} at {home.url}")
        run_scenarios(home, [foreign_agent, never_started, loose, launched, launched_deaths, launched_environment], parallel=4)


if __name__ == "__main__":
    main()
