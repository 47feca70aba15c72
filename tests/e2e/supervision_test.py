#!/usr/bin/env python3
"""Who ends whom: agents that are drained, shut down and adopted, and runs that are cancelled whatever was killed before."""

import base64
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sweepctl_home import Home, alive, wait_until  # noqa: E402

SLEEPERS = """
method: grid
command: [sleep, "1000"]
parameters: {n: {values: [1, 2, 3, 4]}}
"""


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def launch_sleepers(home):
    sweep = home.launch(SLEEPERS)
    wait_until(lambda: home.show(sweep)["counts"]["running"] == home.slots, 20, "the runs to start")
    return sweep


def kill_controller(home):
    home.kill(home.controller())
    wait_until(lambda: not home.controller(), 10, "the controller to be gone")


def adopted_agent(home):
    """A controller that was killed leaves its agent to the next one, which ends it as its own."""
    home.serve()
    sweep = launch_sleepers(home)
    agents = home.agents()
    check(len(agents) == 1, f"agents: {agents}")
    kill_controller(home)
    home.serve()
    wait_until(lambda: home.json("agents")[0]["state"] == "online", 20, "the agent to come back")
    check(home.agents() == agents, "it is not the same agent")
    home.run("shutdown")
    check(not alive(agents[0]), "the adopted agent outlives the shutdown")
    check(len(home.runners()) == home.slots, "a run ended with its agent")
    home.serve()
    wait_until(lambda: home.agents(), 20, "an agent to come")
    home.run("cancel", sweep)


def drained_agent(home):
    """A drained local agent stays away until the controller is restarted."""
    home.serve()
    sweep = launch_sleepers(home)
    agent = home.json("agents")[0]["id"]
    done = home.run("drain", agent)
    check("starts no other until it is restarted" in done.stdout, done.stdout)
    # Who takes its place sees to the end of what it left behind, and is not given anything new.
    killed = home.agents()
    home.kill(killed)
    wait_until(lambda: home.agents() not in ([], killed), 20, "another to take its place")
    for run in home.runs(sweep):
        if run["state"] == "running":
            home.run("stop-run", run["id"], "--force")
    wait_until(lambda: not home.agents(), 20, "the agent to leave")
    wait_until(lambda: home.json("agents") == [], 20, "the agent to be forgotten")
    log = os.path.join(home.path, "controller.log")
    wait_until(lambda: "no local agent is wanted" in open(log, encoding="utf-8").read(), 20, "its keeper to notice")
    check(not home.agents(), "another agent was started")
    check("drained" in home.run("status").stdout, "status does not say it")
    check("until the controller is restarted" in home.run("explain", sweep).stdout, "explain does not say it")
    home.run("shutdown")
    home.serve()
    wait_until(lambda: home.show(sweep)["counts"]["running"] == 2, 20, "the others to start after the restart")
    home.run("cancel", sweep)


def ended_runs(home, sweep):
    """As the next controller reads them, before anybody could tell it anything new."""
    home.run("serve", "--background", "--slots", "0")
    runs = home.runs(sweep)
    home.run("shutdown")
    return [(run["state"], run["stopping"]) for run in runs]


def shutdown_cancel(home):
    """It ends every run, whoever was killed before, and all of it is recorded when it returns."""
    for victims in ([], [home.controller], [home.agents], [home.controller, home.agents]):
        home.serve()
        sweep = launch_sleepers(home)
        pids = [pid for victim in victims for pid in victim()]
        home.kill(pids)
        wait_until(lambda: not any(map(alive, pids)), 10, "the killed to be gone")
        done = home.run("shutdown", "--cancel")
        check(not home.runners(), f"runs live on: {done.stdout}")
        check(not home.controller() and not home.agents(), "a daemon lives on")
        seen = ended_runs(home, sweep)
        check(seen == [("killed", False)] * 4, f"after shutdown --cancel: {seen}")
    home.run("fsck")
    # Where nothing ever was nothing is made.
    elsewhere = os.path.join(home.path, "elsewhere")
    home.run("--home", elsewhere, "shutdown", "--cancel")
    check(not os.path.exists(elsewhere), "shutdown made a state directory")


def launched_meanwhile(home):
    """A sweep that is launched while `shutdown --cancel` waits for the runs of others is cancelled as well."""
    home.serve()
    first = launch_sleepers(home)
    agent, = home.agents()
    os.kill(agent, signal.SIGSTOP)
    with subprocess.Popen([home.binary, "shutdown", "--cancel"], env=home.env, stdout=subprocess.PIPE) as leaving:
        wait_until(lambda: home.show(first)["status"] == "cancelled", 10, "the sweep to be cancelled")
        second = home.launch(SLEEPERS)
        os.kill(agent, signal.SIGCONT)
        check(leaving.wait(timeout=30) == 0, "shutdown --cancel failed")
    check(not home.runners() and not home.controller() and not home.agents(), "something lives on")
    home.run("serve", "--background", "--slots", "0")
    check(home.show(second)["status"] == "cancelled", f"the second sweep: {home.show(second)}")
    states = {run["state"] for run in home.runs(first) + home.runs(second)}
    check(states == {"killed"}, f"runs: {states}")
    home.run("shutdown")


def copied_home(home):
    """A copy of a state directory has a life of its own; one that was moved goes on."""
    home.serve()
    sweep = launch_sleepers(home)
    runners = home.runners()
    with Home(slots=2) as copy:
        shutil.rmtree(copy.path)
        subprocess.run(["cp", "-a", home.path, copy.path], check=True)
        check(copy.run("status", check=False).returncode == 3, "the copy's controller is the original's")
        check(copy.run("shutdown").returncode == 0 and home.controller(), "the copy ended the original")
        check("started the controller" in copy.run("ls").stderr, "no controller of its own was started")
        copy.run("cancel", sweep)
        copy.run("shutdown", "--cancel")
        check(sorted(home.runners()) == sorted(runners), "the copy ended the original's runs")
        check(home.json("status")["pid"] == home.controller()[0], "the original is not what it was")
        check(home.show(sweep)["counts"]["running"] == 2, "the original's runs are not what they were")
    # Moved while nobody serves it, with live runs.
    home.run("shutdown")
    former, home.path = home.path, home.path + "-moved"
    os.rename(former, home.path)
    home.env["SWEEPCTL_HOME"] = home.path
    home.serve()
    check(home.json("status")["home"] == home.path, "it does not know that it was moved")
    home.run("shutdown", "--cancel")
    check(not any(map(alive, runners)), "the runs of a directory that was moved live on")


def stopped_runners(home):
    """Runs whose supervisors somebody stopped are stopped and cancelled like any other."""
    home.serve()
    sweep = launch_sleepers(home)
    runners = home.runners()
    home.kill(runners, signal.SIGSTOP)
    first, *_ = [run["id"] for run in home.runs(sweep) if run["state"] == "running"]
    home.run("pause", sweep)
    home.run("stop-run", first)
    wait_until(lambda: home.json("run", first)["state"] == "killed", 20, "the stopped run to be killed")
    home.run("cancel", sweep)
    check(not any(map(alive, runners)), "a runner lives on")
    ends = {run["end_reason"] for run in home.runs(sweep) if run["id"] != first}
    check(ends <= {"cancel", "cancelled_before_start"}, f"the others: {ends}")


def refuse(server, times, reasons):
    """Takes WebSocket links as long as they come, and closes each with the next reason."""
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        with client:
            request = b""
            while b"\r\n\r\n" not in request:
                request += client.recv(4096)
            key = [line.split(b": ", 1)[1] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:")][0]
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            client.recv(65536)  # The hello.
            reason = b"\x03\xf0" + reasons[len(times) % len(reasons)]
            client.sendall(bytes([0x88, len(reason)]) + reason)
            times.append(time.monotonic())
            client.recv(65536)  # The answer to that; the server is the first to close.


def refused_agent(home):
    """An agent that is not welcome tries less and less often, and says each reason once."""
    times = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=refuse, args=(server, times, [b"no room", b"no room", b"no room", b"no time"]))
        thread.start()
        env = dict(home.env, SWEEPCTL_TOKEN="x" * 48)
        with subprocess.Popen([home.binary, "agent", "--server", f"http://127.0.0.1:{server.getsockname()[1]}", "--slots", "1"],
                              env=env, stderr=subprocess.PIPE) as agent:
            try:
                wait_until(lambda: len(times) >= 8, 60, "eight attempts")
            finally:
                agent.terminate()
                said = agent.communicate()[1].decode()
                server.shutdown(socket.SHUT_RDWR)
                thread.join()
    pauses = [b - a for a, b in zip(times, times[1:])]
    check(pauses[6] > 8 * pauses[0] and pauses[6] >= 1.6, f"between attempts: {pauses}")
    check(said.count("no room") == 1 and said.count("no time") == 1, said)


def main():
    for part in (adopted_agent, drained_agent, shutdown_cancel, launched_meanwhile, copied_home, stopped_runners, refused_agent):
        with Home(slots=2) as home:
            part(home)
        print(f"supervision: {part.__name__}", flush=True)


if __name__ == "__main__":
    main()
