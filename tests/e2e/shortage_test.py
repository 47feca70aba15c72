#!/usr/bin/env python3
"""No processes left, no descriptors, no right to write, no space: each is told clearly, and what was stored stays right.
What is short of something for a while does not use up a sweep's runs.

Root is above such limits, so the daemons run as a user of their own. A limit is set on a live agent or controller, from
outside, and lifted again: what could not be done meanwhile is done then."""

import json
import os
import re
import resource
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sweepctl_home import SANITIZED, Home, alive, wait_until  # noqa: E402

SPEC = """method: grid
program: x
command: [/usr/bin/env, "i=${i}", /bin/sh, -c, "%s"]
parameters: {i: {values: %s}}
sweepctl: {fail_fast: false, parallel: %d}
"""


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def launch(home, script, runs, parallel=2):
    return home.launch(SPEC % (script.replace('"', '\\"'), list(range(runs)), parallel))


def by_number(home, sweep):
    return {run["config"]["i"]: run for run in home.runs(sweep)}


def tasks_of(user):
    """What RLIMIT_NPROC counts: the threads of this user's processes."""
    count = 0
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.stat(f"/proc/{entry}").st_uid == user:
                count += len(os.listdir(f"/proc/{entry}/task"))
        except OSError:
            continue
    return count


def limit(home, pid, what, number):
    """Sets the soft limit and keeps the hard one; the former soft limit. With a program, since only the same user may."""
    def prlimit(*words):
        return subprocess.run(["prlimit", "--pid", str(pid), *words], stdout=subprocess.PIPE, text=True, check=True, **home.as_user).stdout
    former = prlimit(f"--{what}", "-o", "SOFT", "--noheadings").strip()
    prlimit(f"--{what}={number}:")
    return former


def settled(home, sweep, runs):
    """Its runs, when so many have ended and none is left."""
    wait_until(lambda: sum(home.show(sweep)["counts"][state] for state in ("finished", "failed", "crashed", "killed")) == runs,
               60, f"{runs} runs to end: {home.show(sweep)}")
    return home.runs(sweep)


def sound(home):
    done = home.run("fsck", check=False)
    check(done.returncode == 0, f"fsck: {done.stdout}{done.stderr}")


def in_trouble(home):
    return "\ntrouble " in home.run("status").stdout


def told_short(home, sweep, words):
    """The agent's shortage, once it is told: by status, by explain, and by one event; the runs wait."""
    wait_until(lambda: in_trouble(home), 30, "the shortage to be told")
    for said in (home.run("status").stdout, home.run("explain", sweep).stdout):
        check(re.search(r"could not start a run.*" + words, said), f"no clear word: {said}")
    counts = home.show(sweep)["counts"]
    check(counts["pending"] > 0 and counts["failed"] == 0, f"runs were used up: {counts}")


def shortages(home, sweep):
    events = home.run("events", sweep, "--json").stdout.splitlines()
    return [json.loads(line)["kind"] for line in events].count("agent_shortage")


def no_processes():
    """fork fails with EAGAIN: for the runner, or for the program that it is to start."""
    with Home(slots=1, unprivileged=True) as home:
        home.serve()
        (agent,) = wait_until(home.agents, 20, "the agent")
        for room in (0, 1):
            gate = os.path.join(home.path, f"gate{room}")
            os.mkfifo(gate)
            os.chmod(gate, 0o666)
            sweep = launch(home, f"test $i = 1 || read line < {gate}", 2)
            wait_until(lambda: home.show(sweep)["counts"]["running"] == 1, 20, "the first run")  # noqa: B023
            former = limit(home, agent, "nproc", tasks_of(home.user) - 2 + room)  # Without the run and its runner.
            with open(gate, "w", encoding="utf-8") as end:
                end.write("end\n")
            told_short(home, sweep, "cannot start (the runner|a process).*temporarily unavailable")
            check(by_number(home, sweep)[0]["state"] == "finished", "who lived already was harmed")
            limit(home, agent, "nproc", former)
            check(all(run["state"] == "finished" for run in settled(home, sweep, 2)), "the second run does not finish")
            check(shortages(home, sweep) == 1, "it was not told once")
            wait_until(lambda: not in_trouble(home), 10, "the end of the shortage to be told")
        sound(home)


def no_descriptors():
    """EMFILE in the agent: runs wait; in the controller: callers are told, and it goes on."""
    with Home(slots=2, unprivileged=True) as home:
        home.serve()
        (agent,) = wait_until(home.agents, 20, "the agent")
        (controller,) = home.controller()
        sweep = launch(home, "sleep 1234", 1)
        wait_until(lambda: home.show(sweep)["counts"]["running"] == 1, 20, "a run")

        former = limit(home, agent, "nofile", 3)
        starved = launch(home, "exit 0", 2)
        told_short(home, starved, "oo many open files")
        limit(home, agent, "nofile", former)
        check(all(run["state"] == "finished" for run in settled(home, starved, 2)), "the runs do not finish")
        check(shortages(home, starved) == 1, "it was not told once")
        check(home.show(sweep)["counts"]["running"] == 1, "who lived already was harmed")

        door, idle, told = home.json("status")["socket"], [], None
        former = limit(home, controller, "nofile", max(int(name) for name in os.listdir(f"/proc/{controller}/fd")) + 1)
        while told is None and len(idle) < 100:  # They take what is left.
            idle.append(socket.socket(socket.AF_UNIX))
            idle[-1].connect(door)
            done = home.run("ls", check=False)
            told = done if done.returncode != 0 else None
        check(told is not None, "the controller does not run out of descriptors")
        check(told.returncode == 1 and "descriptor" in told.stderr, f"no clear word: {told}")
        limit(home, controller, "nofile", former)
        for client in idle:
            client.close()
        wait_until(lambda: home.run("ls", check=False).returncode == 0, 20, "the controller to answer again")
        check(alive(controller) and alive(agent), "a daemon died")
        home.run("cancel", sweep)
        sound(home)


def few_descriptors():
    """Daemons that have hardly any from the start: they work, or say what is missing and leave."""
    refusals = 0
    for number in (8, 20, 26, 32, 64):
        with Home(slots=2, unprivileged=True, limits={resource.RLIMIT_NOFILE: number}) as home:
            path = os.path.join(home.path, "spec.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(SPEC % ("exit 0", [1, 2, 3], 2))
            done = home.run("launch", path, "--detach", check=False)
            if done.returncode != 0:
                refusals += 1
                check(done.returncode == 1 and re.search("oo many open files|unable to open database|descriptor", done.stderr),
                      f"{number} descriptors: {done}")
                continue
            runs = settled(home, done.stdout.strip().splitlines()[-1], 3)
            check(all(run["state"] == "finished" for run in runs), f"{number} descriptors: {runs}")
            sound(home)
    check(1 <= refusals < 5, f"{refusals} numbers of descriptors were too few")


def no_right_to_write():
    with Home(slots=2, unprivileged=True) as home:
        os.chmod(home.path, 0o500)
        done = home.serve()
        check(done.returncode == 1 and "ermission denied" in done.stderr and home.path in done.stderr, f"no clear word: {done}")
        os.chmod(home.path, 0o700)
        home.serve()
        sweep = launch(home, "exit 0", 2)
        settled(home, sweep, 2)
        sweeps = os.path.join(home.path, "sweeps")
        os.chmod(sweeps, 0o500)
        refused = launch(home, "exit 0", 2)
        for run in settled(home, refused, 2):
            said = home.run("run", run["id"]).stdout
            check(run["end_reason"] == "spawn_error" and "ermission denied" in said and sweeps in said, f"no clear word: {said}")
        os.chmod(sweeps, 0o700)
        home.run("retry", "--sweep", refused, "--state", "failed")
        check(all(run["state"] == "finished" for run in settled(home, refused, 2)), "retried runs do not finish")
        sound(home)


def no_space():
    """Runs end while nothing can be written: how they ended is known once there is room again."""
    with Home(slots=4) as home:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", home.path], stderr=subprocess.DEVNULL).returncode != 0:
            print("shortage: SKIPPED no space: no right to mount a tmpfs")
            return
        go = os.path.join("/tmp", os.path.basename(home.path) + ".go")
        try:
            home.serve()
            sweep = launch(home, f"while ! test -e {go}; do sleep 0.05; done; exit $i", 4, parallel=4)
            wait_until(lambda: home.show(sweep)["counts"]["running"] == 4, 20, "four runs")
            programs = home.leftovers()
            filler = os.path.join(home.path, "filler")
            with open(filler, "wb", buffering=0) as file:
                for size in (65536, 4096, 1):
                    try:
                        while file.write(b"\0" * size):
                            pass
                    except OSError:
                        pass
            open(go, "w", encoding="utf-8").close()
            wait_until(lambda: not any(alive(pid) for pid in programs if pid not in home.runners()), 20, "the programs to end")
            check(home.show(sweep)["counts"]["running"] == 4, "what is not durable was told")
            check(home.run("pause", sweep, check=False).returncode != 0, "a pause that is not durable was told")
            said = home.run("status").stdout
            check(re.search(r"since 20\d\d-.*nothing can be stored.*full", said), f"no clear word: {said}")
            check("nothing can be stored since 20" in home.run("explain", sweep).stdout, "explain does not say it")
            os.unlink(filler)
            codes = sorted(run["exit_code"] for run in settled(home, sweep, 4))
            check(codes == [0, 1, 2, 3], f"exit codes: {codes}")
            sound(home)
        finally:
            if os.path.exists(go):
                os.unlink(go)
            home.kill(home.controller() + home.agents() + home.leftovers())
            wait_until(lambda: subprocess.run(["umount", home.path], stderr=subprocess.DEVNULL).returncode == 0, 20, "the disk to be let go")


def main():
    for part in (no_processes, no_descriptors, few_descriptors, no_right_to_write, no_space):
        if SANITIZED and part in (no_descriptors, few_descriptors):
            # UBSan asks the kernel about an object's address through a pipe, and without one calls it bad.
            print(f"shortage: {part.__name__.replace('_', ' ')} SKIPPED: the sanitizers need descriptors", flush=True)
            continue
        part()
        print(f"shortage: {part.__name__.replace('_', ' ')} harmed nobody", flush=True)


if __name__ == "__main__":
    main()
