#!/usr/bin/env python3
"""Hopeless runs are stopped, over the death of the controller too; parameters are linked and repeated."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sweepctl_home import Home, alive, wait_until  # noqa: E402

# Logs the value it is given once told to (by a file of its name), and does not leave by itself.
PROGRAM = r"""#!/bin/bash
trap "echo term $$ $1 >> $PWD/signals" TERM
echo "{\"loss\": $1}" > "$PWD/line.$1"
until [ -e "$PWD/go.$1" ]; do
  [ -e "$PWD/end.$1" ] && exit 0
  sleep 0.05
done
cat "$PWD/line.$1" >> "$SWEEPCTL_METRICS"
[ "$1" = 1 ] && exit 0
while :; do sleep 0.05; done
"""

ECHO = """#!/bin/bash
echo "$SWEEPCTL_REPEAT $*" >> "$PWD/told"
"""


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def write(home, name, text="", mode=0o644):
    path = os.path.join(home.path, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def stop_over_a_restart(home):
    program = write(home, "program", PROGRAM, 0o755)
    sweep = home.launch(f"method: grid\nprogram: {program}\ncommand: [\"${{program}}\", \"${{x}}\"]\n"
                        "metric: {name: loss}\nearly_terminate: {type: hyperband, min_iter: 1}\n"
                        "parameters: {x: {values: [1, 2, 3]}}\n"
                        f"sweepctl: {{kill_delay: 300ms, workdir: {home.path}}}\n")
    by_x = lambda: {run["config"]["x"]: run for run in home.runs(sweep)}  # noqa: E731
    wait_until(lambda: all(run["state"] == "running" for run in by_x().values()) and len(by_x()) == 3, 30, "all to live")
    write(home, "go.1")
    wait_until(lambda: by_x()[1]["state"] == "finished", 30, "the good run to end")

    # Only the database knows now how good it was.
    home.kill(home.controller())
    wait_until(lambda: not home.controller(), 10, "the controller to be gone")
    home.serve()
    write(home, "go.2")
    hopeless = wait_until(lambda: by_x()[2] if by_x()[2]["state"] == "killed" else None, 30, "the bad run to be stopped")
    check(hopeless["end_reason"] == "early_terminate", hopeless)
    check(hopeless["term_signal"] == 9, f"it ignores SIGTERM, so SIGKILL ends it: {hopeless}")
    with open(os.path.join(home.path, "signals"), encoding="utf-8") as file:
        signals = file.read().splitlines()
    check(len(signals) == 1 and signals[0].endswith(" 2"), f"who got SIGTERM: {signals}")
    check(not alive(int(signals[0].split()[1])), "what was killed lives")
    check(by_x()[3]["state"] == "running", "a run that has logged nothing is judged")

    told = home.run("explain", hopeless["id"]).stdout
    for words in ("early stopping judged it hopeless", "loss 2 at band 1 is worse than the threshold 1",
                  "band 1: threshold 1, reached by 2 runs"):
        check(words in told, f"nothing is said of '{words}':\n{told}")
    events = [json.loads(line) for line in home.run("events", sweep, "--json").stdout.splitlines()]
    orders = [event for event in events if event["kind"] == "stop_run"]
    check([event["reason"] for event in orders] == ["early_terminate"], orders)
    check("band 1" in orders[0]["detail"] and "threshold 1" in orders[0]["detail"], orders)

    write(home, "end.3")
    ended = home.run("wait", sweep, check=False)
    check(ended.returncode == 0, f"what was stopped early is a failure to wait: {ended}")
    check("2 finished, 1 killed by the sweep itself" in ended.stdout, ended)
    home.run("fsck")


def missing_metric(home):
    program = write(home, "silent", "#!/bin/sh\nexit 0\n", 0o755)
    sweep = home.launch(f"method: grid\nprogram: {program}\ncommand: [\"${{program}}\"]\nmetric: {{name: los}}\n"
                        "parameters: {x: {values: [1, 2, 3]}}\n"
                        "sweepctl: {early_stop: {type: median}}\n")
    home.run("wait", sweep)
    words = "3 runs have ended, and none has logged a number as 'los'"
    for verb in ("show", "explain", "events", "watch"):
        check(words in home.run(verb, sweep).stdout, f"{verb} does not say that nobody logs the metric")


def linked_parameters(home):
    program = write(home, "echo", ECHO, 0o755)
    sweep = home.launch(f"method: grid\nprogram: {program}\n"
                        "command: [\"${program}\", \"${args_no_hyphens}\"]\n"
                        "parameters:\n  kind: {values: [plain, deep]}\n  depth: {values: [2, 3]}\n"
                        "  lr: {values: [0.1, 0.2]}\n  decay: {values: [5, 6]}\n"
                        f"sweepctl: {{workdir: {home.path}, repeats: 2, zip: [[lr, decay]],\n"
                        "  when: {depth: \"kind = deep\"}}\n")
    home.run("wait", sweep)
    with open(os.path.join(home.path, "told"), encoding="utf-8") as file:
        told = sorted(file.read().splitlines())
    links = ["decay=5 {}kind={} lr=0.1", "decay=6 {}kind={} lr=0.2"]
    cells = [link.format(*cell) for link in links for cell in (("", "plain"), ("depth=2 ", "deep"), ("depth=3 ", "deep"))]
    check(told == sorted(f"{repeat} {cell}" for repeat in (1, 2) for cell in cells), told)
    shown = home.show(sweep)
    check((shown["expected_runs"], shown["counts"]["finished"]) == (12, 12), shown)
    refused = home.run("enqueue", sweep, "kind=plain", "lr=0.1", "decay=5", check=False)
    check(refused.returncode == 4 and "2 runs of the sweep have this configuration already" in refused.stderr, refused)


def main():
    with Home(slots=3) as home:
        home.serve()
        stop_over_a_restart(home)
        missing_metric(home)
        linked_parameters(home)


if __name__ == "__main__":
    main()
