#!/usr/bin/env python3
"""Metrics that programs print: found among prose, beside those of the metrics file, through the deaths of the daemons, and
in a gigabyte of output."""

import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sweepctl_home import Home, mebibytes, wait_until  # noqa: E402

SPEC = """method: grid
program: x
metric: {name: loss}
command: [/bin/bash, -c, %s]
parameters: {i: {value: 1}}
sweepctl: {metrics: {stdout: %s}}
"""


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def launch(home, script, kind):
    return home.launch(SPEC % (json.dumps(script), kind))


def ended(home, sweep):
    home.run("wait", sweep, check=False, timeout=120)
    return home.runs(sweep)[0]


def metrics_of(home, run):
    return {metric["name"]: metric for metric in home.json("run", run["id"])["metrics"]}


def kinds(home):
    script = r"""echo 'Epoch 1 of 2: loading data from http://localhost:1'
echo 'epoch=1 loss=0.5, acc: 0.7'
echo '{"loss": 0.25, "eval": {"f1": 1}}'
echo '{"loss": 7' >&2
echo '{"lr": 0.1}' >> $SWEEPCTL_METRICS
printf 'loss=0.125'"""
    for kind, expected in (("none", {"lr": 0.1}), ("kv", {"lr": 0.1, "epoch": 1, "acc": 0.7, "loss": 0.125}),
                           ("json", {"lr": 0.1, "loss": 0.25, "eval.f1": 1})):
        sweep = launch(home, script, kind)
        run = ended(home, sweep)
        check(run["state"] == "finished" and run["summary"] == expected, f"{kind}: {run['summary']}")
        best = home.show(sweep)["best"]
        check((best or {}).get("value") == expected.get("loss"), f"{kind}: best is {best}")
        events = [json.loads(line)["kind"] for line in home.run("events", sweep, "--json").stdout.splitlines()]
        check("metrics_invalid" not in events, f"{kind}: prose was taken for a mistake")


def live(home):
    """What is printed is known while the run lives, and exactly once although agent and controller are killed."""
    gate = os.path.join(home.path, "gate")
    os.mkfifo(gate)
    sweep = launch(home, f"exec 3<>{gate}; while read line <&3; do echo $line; echo \"{{\\\"file\\\": 1}}\" >> $SWEEPCTL_METRICS; "
                         "test \"$line\" = loss=9 && exit; done", "kv")
    wait_until(lambda: home.show(sweep)["counts"]["running"] == 1, 20, "the run")
    run = home.runs(sweep)[0]
    with open(gate, "w", encoding="utf-8") as say:
        for number in range(10):
            say.write(f"loss={number}\n")
            say.flush()
            if number == 2:
                home.kill(home.agents())
            if number == 5:
                home.kill(home.controller())
                home.serve()
            if number == 7:
                home.kill(home.controller() + home.agents())  # The last lines, and the end, come while nobody is there.
            elif number < 7:
                count = number + 1
                wait_until(lambda: metrics_of(home, run).get("loss", {}).get("count") == count, 30, f"loss={number}")  # noqa: B023
    wait_until(lambda: not home.runners(), 20, "the run to end")
    home.serve()
    check(ended(home, sweep)["state"] == "finished", "the run did not finish")
    metrics = metrics_of(home, run)
    check(metrics["loss"]["count"] == 10 and metrics["loss"]["last"] == 9 and metrics["file"]["count"] == 10, f"counted: {metrics}")


def gigabyte(home):
    """Prose without end, with metrics in between: neither daemon grows, nor is anybody kept waiting."""
    pids = home.controller() + home.agents()
    peak = {}

    def look():
        for pid in pids:
            with open(f"/proc/{pid}/status", encoding="utf-8") as status:
                rss = [int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS")][0]
            peak[pid] = max(peak.get(pid, 0), rss)

    begin = time.monotonic()
    commits = commits_of(home)
    sweep = launch(home, "yes 'a line of prose that says nothing: at 12:30 all was well' | head -c 500000000; echo; echo loss=1; "
                         "head -c 500000000 /dev/zero; echo; echo loss=2", "kv")

    def over():
        look()
        asked = time.monotonic()
        counts = home.show(sweep)["counts"]
        check(time.monotonic() - asked < 5, "the controller was busy")
        return counts["finished"] == 1

    wait_until(over, 120, "a gigabyte to be read")
    run = home.runs(sweep)[0]
    check(metrics_of(home, run)["loss"]["count"] == 2, f"metrics: {metrics_of(home, run)}")
    check(all(size < mebibytes(100) for size in peak.values()), f"MiB resident: {peak}")
    check(commits_of(home) - commits < 30, f"{commits_of(home) - commits} transactions")
    print(f"stdout metrics: a gigabyte took {time.monotonic() - begin:.1f} s, MiB resident {sorted(peak.values())}")


def commits_of(home):
    """How many transactions the controller has made."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(home.json("status")["socket"])
        client.sendall(b"GET /metrics HTTP/1.0\r\nHost: x\r\n\r\n")
        text = b"".join(iter(lambda: client.recv(65536), b"")).decode()
    return int([line for line in text.splitlines() if line.startswith("sweepctl_commits_total")][0].split()[-1])


def main():
    with Home(slots=2) as home:
        home.serve()
        wait_until(home.agents, 20, "the agent")
        for part in (kinds, live, gigabyte):
            part(home)
            print(f"stdout metrics: {part.__name__} as it should be", flush=True)
        done = home.run("fsck", check=False)
        check(done.returncode == 0, f"fsck: {done.stdout}")


if __name__ == "__main__":
    main()
