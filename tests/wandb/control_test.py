#!/usr/bin/env python3
"""Orders that meet live clients: pause, resume, stop, cancel, one run's stop, preemption, and two kinds of agent at once."""

import collections
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients  # noqa: E402
from wandb_home import QUICK, WandbHome, alive, check, equal, run_scenarios, wait_until  # noqa: E402

# Logs until the file `go` is there, then ends well.
WAITER = """
import os, sys, time, wandb
run = wandb.init()
with open(os.path.join(os.environ["PLACE"], run.id), "w") as file:
    file.write(f"{os.getpid()} {run.config.get('i')}")
while not os.path.exists(os.path.join(os.environ["PLACE"], "go")):
    run.log({"loss": 1.0})
    time.sleep(0.2)
run.log({"loss": 0.5})
"""


def place(home, name):
    path = os.path.join(home.path, name)
    os.makedirs(path, exist_ok=True)
    return path


def sweep_of_waiters(home, project, cells, more=""):
    home.program("waiter.py", WAITER)
    return home.sweep(project, f"program: waiter.py\nmethod: grid\nparameters: {{i: {{values: {list(range(cells))}}}}}\n{more}")


def started(where, count, seconds=60):
    """{run: (pid, i)} once so many programs have begun."""

    def there():
        found = {}
        for name in os.listdir(where):
            words = open(os.path.join(where, name), encoding="utf-8").read().split() if name != "go" else []
            if words:
                found[name] = (int(words[0]), int(words[1]))
        return found if len(found) >= count else None

    return wait_until(there, seconds, f"{count} programs in {where}")


def let_go(where):
    open(os.path.join(where, "go"), "w", encoding="utf-8").close()


def pause_and_stop(home):
    """Pause, resume and stop touch no live run; stop lets the agent go when it is done."""
    where = place(home, "pause")
    path = sweep_of_waiters(home, "pause", 3)
    agent = home.start_wandb("agent", path, env={"PLACE": where})
    ((run, (pid, _)),) = started(where, 1).items()
    run_path = f"{home.entity}/pause/{run}"
    home.wait_state(run_path, "running", 60)
    home.wandb("sweep", "--pause", path)
    equal((home.api().sweep(path).state, home.state_of(run_path)), ("PAUSED", "running"), "after pause")
    let_go(where)
    home.wait_state(run_path, "finished", 60)
    waited = time.monotonic() + 8  # One heartbeat and more: a paused sweep gives nothing.
    wait_until(lambda: time.monotonic() > waited or len(os.listdir(where)) > 2, 60, "a heartbeat of the paused sweep")
    equal(len(os.listdir(where)) - 1, 1, "programs begun while it was paused")
    check(agent.poll() is None, f"the agent left a paused sweep:\n{home.output_of(agent)}")
    os.unlink(os.path.join(where, "go"))
    home.wandb("sweep", "--resume", path)
    second = next(name for name in started(where, 2) if name != run)
    home.wandb("sweep", "--stop", path)
    home.wait_state(f"{home.entity}/pause/{second}", "running", 60)
    equal(home.api().sweep(path).state, "FINISHED", "after stop")
    check(alive(started(where, 2)[second][0]), "stop killed a program")
    let_go(where)
    home.end_of(agent, 0, 60, "the agent of a stopped sweep")
    equal(home.state_of(f"{home.entity}/pause/{second}"), "finished", "the run that was live at the stop")
    equal(len(os.listdir(where)) - 1, 2, "programs that ever began")


def cancel(home):
    where = place(home, "cancel")
    path = sweep_of_waiters(home, "cancel", 5)
    agent = home.start_wandb("agent", path, env={"PLACE": where})
    ((run, (pid, _)),) = started(where, 1).items()
    home.wait_state(f"{home.entity}/cancel/{run}", "running", 60)
    home.wandb("sweep", "--cancel", path)
    home.end_of(agent, 0, 60, "the agent of a cancelled sweep")
    wait_until(lambda: not alive(pid), 60, "the program of a cancelled sweep to end")
    home.wait_state(f"{home.entity}/cancel/{run}", "killed", 60)
    equal(home.api().sweep(path).state, "CANCELED", "the sweep")
    equal({run.state for run in home.api().sweep(path).runs}, {"killed"}, "its runs")


def stop_one_under_an_agent(home):
    where = place(home, "stop1")
    path = sweep_of_waiters(home, "stop1", 2)
    agent = home.start_wandb("agent", path, env={"PLACE": where})
    ((run, (pid, _)),) = started(where, 1).items()
    home.wait_state(f"{home.entity}/stop1/{run}", "running", 60)
    home.api().run(f"{home.entity}/stop1/{run}").stop()
    wait_until(lambda: not alive(pid), 60, "the stopped program to end")
    home.wait_state(f"{home.entity}/stop1/{run}", "killed", 60)
    let_go(where)
    started(where, 2)
    home.end_of(agent, 0, 60, "the agent whose run was stopped")
    equal(collections.Counter(run.state for run in home.api().sweep(path).runs), {"killed": 1, "finished": 1}, "the runs")


def stop_a_plain_run(home):
    """The stop flag in the file stream's answer: the script is interrupted, and its run is killed."""
    process = home.start_script(
        'import time, wandb\nrun = wandb.init(project="stopped", id="plain")\n'
        'while True:\n    run.log({"x": 1})\n    time.sleep(0.2)\n'
    )
    home.wait_state(f"{home.entity}/stopped/plain", "running", 60)
    home.api().run(f"{home.entity}/stopped/plain").stop()
    home.end_of(process, None, 60, "a run that was stopped")
    check(process.returncode != 0, "an interrupted script exits with 0")
    home.wait_state(f"{home.entity}/stopped/plain", "killed", 60)


def function_agent(home):
    """wandb.agent(function=...): runs in threads; a failing one, the end of a grid, and cancel."""
    out = home.script(
        """
import wandb
sweep = wandb.sweep({"method": "grid", "metric": {"name": "v", "goal": "minimize"}, "parameters": {"x": {"values": [1, 2, 3]}}}, project="function")
print("SWEEP", sweep)
def train():
    with wandb.init() as run:
        run.log({"v": run.config.x * 10})
        if run.config.x == 2:
            raise ValueError("two is bad")
wandb.agent(sweep, function=train, project="function")
print("LEFT")
""",
        timeout=120,
    ).stdout
    check("LEFT" in out, out)
    path = f"{home.entity}/function/" + next(line.split()[1] for line in out.splitlines() if line.startswith("SWEEP"))
    equal(
        {run.config["x"]: (run.state, run.summary.get("v")) for run in home.api().sweep(path).runs},
        {1: ("finished", 10), 2: ("failed", 20), 3: ("finished", 30)},
        "runs of a function agent",
    )
    equal(home.api().sweep(path).state, "FINISHED", "the sweep")
    agents = home.api().sweep(path).agents()
    equal(len(agents), 1, "agents")
    equal(len(list(agents[0].runs())), 3, "runs of the agent")


def function_agent_stopped(home):
    process = home.start_script("""
import time, wandb
def train():
    run = wandb.init()
    while True:
        run.log({"v": 1})
        time.sleep(0.1)
sweep = wandb.sweep({"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0}}}, project="function2")
open("function2", "w").write(sweep)
wandb.agent(sweep, function=train, project="function2", count=1)
""")
    wait_until(lambda: os.path.exists(os.path.join(home.work, "function2")), 60, "the sweep")
    path = f"{home.entity}/function2/" + open(os.path.join(home.work, "function2"), encoding="utf-8").read()
    run = wait_until(lambda: next(iter(home.api().sweep(path).runs), None), 60, "its run")
    home.wait_state(f"{home.entity}/function2/{run.id}", "running", 60)
    home.wandb("sweep", "--cancel", path)
    home.wait_state(f"{home.entity}/function2/{run.id}", "killed", 60)
    home.end_of(process, None, 60, "the function agent of a cancelled sweep")


def preempted(home):
    """A preempted run comes back to an agent as the same run, and goes on after its old history."""
    home.program(
        "preempt.py",
        """
import os, sys, wandb
run = wandb.init(resume="allow")
first = not os.path.exists(os.environ["MARK"])
run.log({"session": 1 if first else 2})
if first:
    open(os.environ["MARK"], "w").write(run.id)
    run.mark_preempting()
    run.finish(exit_code=1)
    sys.exit(1)
""",
    )
    mark = os.path.join(home.path, "preempted-run")
    path = home.sweep("preempt", "program: preempt.py\nmethod: grid\nparameters: {i: {values: [1]}}\n")
    agent = home.start_wandb("agent", path, env={"MARK": mark})
    home.end_of(agent, 0, 90, "the agent of a preempted run")
    runs = list(home.api().sweep(path).runs)
    equal([(run.id, run.state) for run in runs], [(open(mark, encoding="utf-8").read(), "finished")], "one run, in two sessions")
    equal([row["session"] for row in runs[0].scan_history()], [1, 2], "its history")


def both_kinds(home):
    """A launched sweep is worked by our agent and by `wandb agent` at once: each cell once, every run one run."""
    said = os.path.join(home.path, "both.log")
    program = home.program(
        "both.py",
        "import os, time, wandb\nrun = wandb.init()\n"
        "with open(os.environ['SAID'], 'a') as file:\n    file.write(f\"{run.config['i']} {run.id} {os.environ.get('SWEEPCTL_RUN_ID', '-')}\\n\")\n"
        "time.sleep(1)\nrun.log({'loss': run.config['i']})\n",
    )
    cells = 24
    sweep = home.launch(
        f"project: both\nprogram: {program}\nmethod: grid\ncommand: ['{sys.executable}', '${{program}}', '${{args}}']\n"
        f"parameters: {{i: {{values: {list(range(cells))}}}}}\nsweepctl: {{fail_fast: false, env: {{SAID: '{said}'}}}}\n"
    )
    path = f"{home.entity}/both/{sweep}"
    agent = home.start_wandb("agent", path, env={"SAID": said})
    home.run("wait", sweep, check=False, timeout=120)
    lines = [line.split() for line in open(said, encoding="utf-8")]
    equal(sorted(int(line[0]) for line in lines), list(range(cells)), "cells that ran")
    runs = list(home.api().sweep(path).runs)
    equal((len(runs), {run.state for run in runs}), (cells, {"finished"}), "runs")
    equal(sorted(run.id for run in runs), sorted(line[1] for line in lines), "ids")
    equal(sorted(run.summary["loss"] for run in runs), list(range(cells)), "summaries")
    kinds = collections.Counter("foreign" if line[2] == "-" else "own" for line in lines)
    check(kinds["foreign"] and kinds["own"], f"who worked: {kinds}\n{home.output_of(agent)}")
    home.end_of(agent, 0, 60, "the foreign agent, when the sweep is done")


def made_by_client_worked_by_us(home):
    """`wandb sweep` makes it, `sweepctl agent --sweep` works it: as many runs as it was told to, in however many slots."""
    home.program("ours.py", "import wandb\nrun = wandb.init()\nrun.log({'loss': run.config['i']})\n")
    path = home.sweep("ours", "program: ours.py\nmethod: grid\nparameters: {i: {values: [1, 2, 3, 4, 5, 6]}}\n")
    agent = home.start_client(
        [home.binary, "agent", "--sweep", path.split("/")[-1], "--slots", "2", "--count", "3"],
        env={**home.env, "PATH": home.client["PATH"]},
    )
    home.end_of(agent, 0, 120, "sweepctl agent --count 3")
    runs = [run for run in home.api().sweep(path).runs if run.state != "pending"]
    equal(sorted((run.summary["loss"], run.state) for run in runs), [(i, "finished") for i in (1, 2, 3)], "runs by our agent")


def functions_are_for_their_agents(home):
    """A sweep that names no program is not for our agents: neither takes a run of it, and ours says why."""
    path = home.sweep("functions", "method: grid\nparameters: {i: {values: [1, 2]}}\n")
    refused = home.run("agent", "--sweep", path.split("/")[-1], check=False)
    check(refused.returncode == 1 and "neither a program nor a command" in refused.stderr, f"{refused}")
    equal(list(home.api().sweep(path).runs), [], "runs that somebody took")


def dead_agent(home):
    """An agent that is killed: its child goes on, logs and finishes; its sweep can be worked by another."""
    where = place(home, "dead")
    path = sweep_of_waiters(home, "dead", 2)
    agent = home.start_wandb("agent", path, env={"PLACE": where})
    ((run, (pid, _)),) = started(where, 1).items()
    home.wait_state(f"{home.entity}/dead/{run}", "running", 60)
    os.kill(agent.pid, signal.SIGKILL)
    agent.wait(60)
    other = home.start_wandb("agent", path, env={"PLACE": where})
    second = next(name for name in started(where, 2) if name != run)
    equal(home.state_of(f"{home.entity}/dead/{run}"), "running", "the run of a dead agent whose program lives")
    let_go(where)
    home.end_of(other, 0, 60, "the second agent")
    for name in (run, second):
        home.wait_state(f"{home.entity}/dead/{name}", "finished", 60)


def redelivered(home):
    """On the wire: a command whose answer was lost comes again with the same run; a run nobody starts is failed."""
    path = home.sweep("wire", "program: x\nmethod: grid\nparameters: {i: {values: [1, 2, 3]}}\n")
    entity, project, name = path.split("/")
    agent = home.data(
        'mutation($e: String, $p: String, $s: String!) { createAgent(input: {host: "h", entityName: $e, projectName: $p, sweep: $s}) '
        "{ agent { id } } }",
        {"e": entity, "p": project, "s": name},
    )["createAgent"]["agent"]["id"]
    beat = 'mutation($id: ID!, $r: JSONString) { agentHeartbeat(input: {id: $id, metrics: "{}", runState: $r}) { agent { id } commands } }'

    def commands(state):
        return json.loads(home.data(beat, {"id": agent, "r": json.dumps(state)})["agentHeartbeat"]["commands"])

    first = commands({})
    equal([(command["type"], command["args"]) for command in first], [("run", {"i": {"value": 1}})], "the first command")
    check(first[0]["program"] == "x" and first[0]["run_id"], f"its fields: {first}")
    equal(home.state_of(f"{entity}/{project}/{first[0]['run_id']}"), "pending", "a run that was handed out")
    again = commands({})  # At once: a client that repeats, since it never had the answer.
    equal([(command["type"], command["run_id"]) for command in again], [("run", first[0]["run_id"])], "repeated at once")
    equal(commands({first[0]["run_id"]: True}), [], "while the run lives")
    equal(home.state_of(f"{entity}/{project}/{first[0]['run_id']}"), "running", "a run that its agent has alive")
    run_path = f"{entity}/{project}/{first[0]['run_id']}"
    # No client speaks for it; it vanishes from what the agent lists, at the pace of real heartbeats.
    beats = [time.monotonic()]

    def settled():
        if time.monotonic() > beats[-1] + 5:
            beats.append(time.monotonic())
            commands({})
        return home.state_of(run_path) in ("crashed", "failed")

    wait_until(settled, 60, "a run that vanished to be settled")
    status, answer = home.graphql(beat, {"id": "QWdlbnQ6djE6bm9uZQ==", "r": "{}"})
    check(status == 404 and answer["errors"], f"an unknown agent: {status} {answer}")


def main():
    version = clients.enter()
    with WandbHome(slots=2, heartbeat_timeout="20s") as home:
        home.client.update(QUICK, WANDB_AGENT_KILL_DELAY="5")
        print(f"wandb {version} at {home.url}")
        run_scenarios(
            home,
            [
                pause_and_stop,
                stop_one_under_an_agent,
                cancel,
                both_kinds,
                function_agent,
                function_agent_stopped,
                preempted,
                dead_agent,
                stop_a_plain_run,
                made_by_client_worked_by_us,
                functions_are_for_their_agents,
                redelivered,
            ],
            parallel=9,
        )


if __name__ == "__main__":
    main()
