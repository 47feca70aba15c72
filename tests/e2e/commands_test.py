#!/usr/bin/env python3
"""Pause, resume and stop signal nothing; cancel leaves nothing alive. With programs that make it hard."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sweepctl_home import Home, alive, wait_until  # noqa: E402

# Each writes "KIND ready" when it lives, and every signal that it can catch.
PROGRAM = r"""#!/bin/bash
log=$1
for name in HUP INT QUIT USR1 USR2 TERM CONT WINCH; do trap "echo $2 got $name >> $log" $name; done
ready() { echo "$1 ready $$" >> "$log"; }
case $2 in
  plain) ready plain; while :; do sleep 0.2; done;;
  grandchildren) (sleep 1001 & bash -c 'sleep 1002 & sleep 1003' & wait) & ready grandchildren; while :; do sleep 0.2; done;;
  daemon) (setsid bash -c 'sleep 1004 &') & (setsid env -i sleep 1005 &); ready daemon; while :; do sleep 0.2; done;;
  stopped) ready stopped; kill -STOP $$; while :; do sleep 0.2; done;;
  pipeline) ready pipeline; sleep 1006 | cat | cat > /dev/null;;
  quick) ready quick;;
esac
"""

KINDS = ["quick", "plain", "grandchildren", "daemon", "stopped", "pipeline"]


def members(home):
    """Every process of this test's programs, found by what only they have in their command line."""
    marks = [b"100%d" % number for number in range(1, 7)] + [os.path.join(home.path, "program").encode()]
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or not alive(int(entry)):
            continue
        try:
            words = open(f"/proc/{entry}/cmdline", "rb").read().split(b"\0")
        except OSError:
            continue
        if words[0] == b"sweepctl-runner":
            continue
        if any(mark in words for mark in marks) and (marks[-1] in words or words[0] == b"sleep"):
            found.append(int(entry))
    return found


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def main():
    with Home(slots=len(KINDS)) as home:
        program, log = os.path.join(home.path, "program"), os.path.join(home.path, "log")
        open(log, "w", encoding="utf-8").close()
        with open(program, "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        os.chmod(program, 0o755)
        home.serve()
        sweep = home.launch(f"method: grid\nprogram: {program}\ncommand: [\"${{program}}\", {log}, \"${{kind}}\"]\n"
                            f"parameters: {{kind: {{values: {KINDS + ['late1', 'late2']}}}, x: {{value: 1}}}}\n"
                            "sweepctl: {parallel: %d}\n" % len(KINDS))
        said = lambda: open(log, encoding="utf-8").read()  # noqa: E731
        wait_until(lambda: said().count(" ready ") >= len(KINDS), 30, f"programs to live: {said()}")
        for command in ("pause", "resume", "pause", "stop"):
            home.run(command, sweep)
        runs = {run["config"]["kind"]: run for run in home.runs(sweep)}
        for kind in KINDS[1:]:
            check(runs[kind]["state"] == "running", f"{kind} is {runs[kind]['state']} after pause and stop")
        check(" got " not in said(), f"a signal arrived: {said()}")
        check(home.show(sweep)["status"] == "stopped", "the sweep is not stopped")
        check(len(members(home)) >= 10, f"only {len(members(home))} processes live")

        begin = time.monotonic()
        home.run("cancel", sweep)
        left = members(home)
        check(not left, f"alive after cancel: {left}")
        check(" got " not in said(), f"a handler ran at the cancel: {said()}")
        runs = {run["config"]["kind"]: run for run in home.runs(sweep)}
        check(runs["quick"]["state"] == "finished", "an ended run was touched")
        for kind in KINDS[1:]:
            check((runs[kind]["state"], runs[kind]["end_reason"]) == ("killed", "cancel"), f"{kind}: {runs[kind]}")
        for kind in set(runs) - set(KINDS):
            check(runs[kind]["state"] in ("killed", "finished"), f"{kind}: {runs[kind]}")
        home.run("fsck")
        print(f"cancelled in {time.monotonic() - begin:.2f} s")


if __name__ == "__main__":
    main()
