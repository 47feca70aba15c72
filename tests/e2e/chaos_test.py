#!/usr/bin/env python3
"""Kills everything at random while a sweep runs, then holds what sweepctl says against what really happened.

The truth is a log that each run's program writes itself (chaos_program.cpp). Everything is drawn from one seed:
CHAOS_SEED replays it (as far as a machine can), CHAOS_SECONDS (30) says how long to go on.
"""

import collections
import json
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sweepctl_home import ROOT, Home, wait_until  # noqa: E402

PROGRAM = os.environ.get("CHAOS_PROGRAM") or os.path.join(ROOT, "build/tests/e2e/chaos_program")
KINDS = ["exit:0", "exit:0", "exit:0", "exit:3", "exit:143", "signal:15", "signal:11", "signal:2", "stubborn", "graceful",
         "child", "daemon"]


def spec(log, cells):
    kinds = json.dumps(KINDS)
    return f"""
method: grid
program: {PROGRAM}
command: ["${{program}}", "{log}", "${{ms}}", "${{kind}}"]
parameters:
  kind: {{values: {kinds}}}
  ms: {{values: [1, 30, 200, 700]}}
  cell: {{min: 1, max: {cells}}}
sweepctl: {{fail_fast: false, kill_delay: 1s, straggler_grace: 1s}}
"""


class Chaos:
    def __init__(self, home, seed, seconds):
        self.home = home
        self.random = random.Random(seed)
        self.seconds = seconds
        self.log = os.path.join(home.path, "programs.log")
        self.stopped = set()
        self.runners_killed = 0
        self.cancelled = False
        self.counts = collections.Counter()
        self.sweep = ""

    def act(self):
        actions = {
            "kill controller": 4, "kill agent": 4, "kill both": 3, "kill a runner": 3, "pause": 1, "resume": 2,
            "stop a run": 3, "retry": 1, "shutdown": 1, "look": 2,
        }
        action = self.random.choices(list(actions), list(actions.values()))[0]
        self.counts[action] += 1
        getattr(self, action.replace(" ", "_"))()

    def kill_controller(self):
        self.home.kill(self.home.controller())

    def kill_agent(self):
        self.home.kill(self.home.agents())

    def kill_both(self):
        pids = self.home.controller() + self.home.agents()
        self.random.shuffle(pids)
        self.home.kill(pids)

    def kill_a_runner(self):
        runners = self.home.runners()
        if runners:
            self.home.kill([self.random.choice(runners)])
            self.runners_killed += 1

    def pause(self):
        self.verb("pause", self.sweep)

    def resume(self):
        self.verb("resume", self.sweep)

    def stop_a_run(self):
        live = [run["id"] for run in self.home.runs(self.sweep) if run["state"] == "running"]
        if live:
            run = self.random.choice(live)
            self.stopped.add(run)
            self.verb("stop-run", run, *self.random.choice([[], ["--force"]]))

    def retry(self):
        ended = [run["id"] for run in self.home.runs(self.sweep) if run["state"] in ("failed", "crashed", "killed")]
        if ended:
            self.verb("retry", self.random.choice(ended))

    def shutdown(self):
        self.verb("shutdown")

    def look(self):
        self.home.runs(self.sweep)

    def verb(self, *arguments):
        # A verb may be cut off by the death of what it talks to: that is the point. 1: said so; 4: wrong state.
        done = self.home.run(*arguments, check=False, timeout=120)
        assert done.returncode in (0, 1, 4), f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"

    def go(self):
        self.home.serve()
        self.sweep = self.home.launch(spec(self.log, 1000))
        deadline = time.monotonic() + self.seconds
        while time.monotonic() < deadline:
            wait = self.random.choice([0.0, 0.02, 0.1, 0.3, 0.8])
            time.sleep(wait)  # The chaos is in the moments; nothing is waited for.
            self.home.serve()
            self.act()
        self.heal()

    def heal(self):
        """No more harm: cancel, and everything must be over, dead, and told as it was."""
        self.home.serve()
        self.home.run("resume", self.sweep, check=False)
        wait_until(lambda: self.home.show(self.sweep)["status"] in ("running", "finished"), 30, "the sweep to go on")
        before = {run["id"]: run for run in self.home.runs(self.sweep)}
        self.home.run("cancel", self.sweep, timeout=120)
        wait_until(lambda: self.home.show(self.sweep)["drained"], 60, "the cancelled sweep to be drained")
        self.check(before)

    # --- the truth -----------------------------------------------------------------------------------

    def programs(self):
        """(run, attempt) -> [what it wrote], in order."""
        said = collections.defaultdict(list)
        with open(self.log, encoding="utf-8") as log:
            for line in log:
                what, run, attempt, _ = line.split()
                said[run, int(attempt)].append(what)
        return said

    def check(self, before):
        runs = self.home.runs(self.sweep)
        said = self.programs()
        problems = []
        cells = collections.Counter(json.dumps(run["config"], sort_keys=True) for run in runs)
        problems += [f"cell {cell} has {count} runs" for cell, count in cells.items() if count > 1]
        for key, words in said.items():
            if words.count("start") > 1:
                problems.append(f"{key}: executed {words.count('start')} times")
        known = {run["id"] for run in runs}
        problems += [f"{run}: executed, and unknown" for run, _ in said if run not in known]
        lost = 0
        for run in runs:
            problems += self.check_run(run, said.get((run["id"], run["attempt"]), []))
            lost += run["end_reason"] == "runner_lost"
            earlier = before.get(run["id"])
            if earlier and earlier["state"] in ("finished",) and earlier["state"] != run["state"]:
                problems.append(f"{run['id']}: was finished, is {run['state']}")
        fsck = self.home.run("fsck", check=False)
        if fsck.returncode != 0:
            problems.append("fsck: " + fsck.stdout)
        leftovers = wait_until(lambda: not self.home.leftovers() or None, 15, f"leftovers {self.home.leftovers()}")
        assert leftovers
        counts = collections.Counter(run["state"] for run in runs)
        print(f"{len(runs)} runs {dict(counts)}, {lost} lost runners ({self.runners_killed} killed), actions {dict(self.counts)}")
        assert not problems, "\n".join(problems)
        assert runs and counts["finished"] > 0, "nothing ran"

    @staticmethod
    def check_run(run, words):
        """What is stored of a run's newest attempt against what its program wrote."""
        name = f"{run['id']}.{run['attempt']} ({run['state']}, {run['end_reason']})"
        ends = [word for word in words if word != "start"]
        state, reason = run["state"], run["end_reason"]
        if state in ("pending", "running"):
            return [f"{name}: still live"]
        if reason in ("cancelled_before_start", "stopped_before_start"):
            return [f"{name}: but it was started"] if words else []
        if not words and reason not in ("cancel", "stop_run", "runner_lost"):
            return [f"{name}: but it never started"]
        if reason == "exit" and ends[-1:] != [f"exit:{run['exit_code']}"]:
            return [f"{name}: exit code {run['exit_code']}, but it wrote {words}"]
        if reason == "signal" and run["term_signal"] != signal.SIGKILL and ends[-1:] != [f"signal:{run['term_signal']}"]:
            return [f"{name}: signal {run['term_signal']}, but it wrote {words}"]
        if state == "finished" and run["exit_code"] != 0:
            return [f"{name}: finished with exit code {run['exit_code']}"]
        return []


def main():
    seed = int(os.environ.get("CHAOS_SEED", "0") or 0) or random.SystemRandom().randrange(1, 1 << 31)
    seconds = float(os.environ.get("CHAOS_SECONDS", "30"))
    print(f"CHAOS_SEED={seed} CHAOS_SECONDS={seconds:g}", flush=True)
    with Home(slots=6) as home:
        Chaos(home, seed, seconds).go()


if __name__ == "__main__":
    main()
