#!/usr/bin/env python3
"""Programs, specs, clients and disks that misbehave: each gives a clear word, and what was stored stays right."""

import json
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sweepctl_home import Home, mebibytes, wait_until  # noqa: E402


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def sweep_of(home, script, *arguments):
    """Launches one run of a shell script and waits for its end; the run."""
    quoted = script.replace("\\", "\\\\").replace('"', '\\"')
    sweep = home.launch(f'method: grid\nprogram: x\nmetric: {{name: loss}}\ncommand: [/bin/bash, "-c", "{quoted}"]\n'
                        "parameters: {i: {value: 1}}\n", *arguments)
    home.run("wait", sweep, check=False, timeout=120)
    return sweep, home.runs(sweep)[0]


def programs(home):
    sweep, run = sweep_of(home, "head -c 200000000 /dev/urandom; printf '\\xff\\xfe\\x00'")
    check(run["state"] == "finished", f"a loud program: {run}")
    done = subprocess.run([home.binary, "logs", run["id"]], env=home.env, stdout=subprocess.PIPE, check=True)
    check(len(done.stdout) == 200_000_003 and done.stdout.endswith(b"\xff\xfe\x00"), f"log of {len(done.stdout)} bytes")

    sweep, run = sweep_of(home, "head -c 100000000 /dev/zero | tr '\\0' x > $SWEEPCTL_METRICS; "
                                "echo >> $SWEEPCTL_METRICS; echo '{\"loss\": 2}' >> $SWEEPCTL_METRICS")
    check(run["state"] == "finished" and run["summary"].get("loss") == 2, f"after 100 MB of garbage: {run}")
    lines = home.run("events", sweep, "--json").stdout.splitlines()
    events = [line for line in lines if json.loads(line)["kind"] == "metrics_invalid"]
    check(len(events) == 1, f"garbage was reported {len(events)} times")

    _, run = sweep_of(home, "printf '{\"loss\": NaN}\\n{\"loss\": 3}\\n{\"loss\": Infinity}\\nnope\\n{\"t\": \"\\xff\"}\\n"
                            "{\"loss\": 1e999, \"n\": 12345678901234567890123}' > $SWEEPCTL_METRICS")
    shown = home.json("run", run["id"])
    loss = [metric for metric in shown["metrics"] if metric["name"] == "loss"][0]
    check(loss["count"] == 1 and loss["best"] == 3, f"what is not finite was compared: {loss}")


def specs(home):
    path = os.path.join(home.path, "bad.yaml")

    def refused(text, word):
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        for verb in (["validate", path], ["launch", path, "--detach"]):
            done = home.run(*verb, check=False)
            check(done.returncode == 1 and word in done.stderr + done.stdout, f"{verb[0]}: {done.returncode} {done.stderr[:500]}")

    refused("method: grid\nparameters: {a: {values: [" + "1," * 5_000_000 + "1]}}", "bad.yaml")
    bomb = "\n".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12))
    refused("a0: &a0 [x]\n" + bomb + "\nmethod: grid\nparameters: {p: {values: *a11}}\n", "alias")
    refused("[" * 100_000, "bad.yaml")
    refused("\udcff\udcfe\x00", "bad.yaml")
    refused("method: bayes\nparameters: {a: {min: 0.0, max: 1.0}}\nprogram: x\n", "needs a 'metric'")


def doors(home):
    """A function for each door that connects to it."""
    status = home.json("status")
    host, port = status["url"].split("//")[1].split(":")

    def over_unix():
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(status["socket"])
        return client

    def over_tcp():
        return socket.create_connection((host, int(port)), timeout=20)

    return over_unix, over_tcp


def token_of(home):
    with open(os.path.join(home.path, "token"), encoding="utf-8") as file:
        return file.read().strip()


def clients(home):
    authorized = f"Authorization: Bearer {token_of(home)}\r\n".encode()
    post = b"POST /api/v1/sweeps HTTP/1.1\r\nHost: 127.0.0.1\r\n" + authorized
    for connect in doors(home):
        for bytes_sent in (b"\x00" * 10_000, b"GET / HTTP/9.9\r\n\r\n", post + b"Content-Length: 99999999999\r\n\r\n",
                           b"GET /api/v1/sweeps HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 10_000 + b"\r\n",
                           post + b"Content-Length: 9\r\n\r\n{\"spec\": 1", post + b"Content-Length: 2\r\n\r\n[]",
                           post + b"Content-Length: -1\r\n\r\n", post + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                           post + b"Content-Length: 200000\r\n\r\n" + b"[" * 200_000,
                           post + b"Content-Length: 12\r\n\r\n{\"spec\":\"\xff\""):
            with connect() as client:
                try:
                    client.sendall(bytes_sent)
                    client.shutdown(socket.SHUT_WR)
                    reply = client.recv(200)
                except (BrokenPipeError, ConnectionResetError):
                    continue
                check(reply == b"" or reply.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")), f"{bytes_sent[:40]}: {reply}")
    check(home.run("status").returncode == 0, "the controller is gone")


def crowds(home):
    """Thousands who begin a request and never end it: the owner is served all the same."""
    _, over_tcp = doors(home)
    crowd = []
    begun = b"GET /api/v1/sweeps HTTP/1.1\r\nHost: 127.0.0.1\r\nx: " + b"y" * 30_000
    try:
        for _ in range(3000):
            crowd.append(over_tcp())
            crowd[-1].setblocking(False)
            try:
                crowd[-1].send(begun)
            except OSError:
                pass  # It was shown the door already.
        begin = time.monotonic()
        check(home.run("ls", check=False).returncode == 0, "the owner is kept out")
        check(time.monotonic() - begin < 5, "the owner is kept waiting")
        check(resident(home.controller()[0]) < mebibytes(150), f"{resident(home.controller()[0])} MiB for a crowd")
    finally:
        for client in crowd:
            client.close()


def resident(pid):
    """MiB in memory, at most so far."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return [int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM")][0]


def many_metrics(home):
    """A metrics file whose names never end, in number and in length."""
    begin = time.monotonic()
    sweep, run = sweep_of(home, "seq 1 200000 | sed 's/.*/{\"m&\": &}/' > $SWEEPCTL_METRICS; "
                                "n=$(head -c 60000 /dev/zero | tr '\\0' n); printf '{\"%s\": {' $n >> $SWEEPCTL_METRICS; "
                                "seq -f '\"v%.0f\": 1,' 1 50000 | tr -d '\\n' >> $SWEEPCTL_METRICS; echo '\"l\": 1}}' >> $SWEEPCTL_METRICS; "
                                "echo '{\"m7\": 8}' >> $SWEEPCTL_METRICS")
    check(run["state"] == "finished" and len(run["summary"]) == 10_000 and run["summary"]["m7"] == 8, f"{len(run['summary'])} metrics")
    events = [json.loads(line)["kind"] for line in home.run("events", sweep, "--json").stdout.splitlines()]
    check(events.count("metrics_many") == 1, "that there are too many was not told once")
    check(time.monotonic() - begin < 60, f"it took {time.monotonic() - begin:.0f} s")


def full_disk():
    """A state directory on a disk of a few megabytes, filled under a live sweep."""
    with Home(slots=2) as home:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", home.path], stderr=subprocess.DEVNULL).returncode != 0:
            print("hostile: SKIPPED full disk: no right to mount a tmpfs")
            return
        try:
            home.serve()
            sweep = home.launch("method: random\nprogram: x\ncommand: [/bin/true]\nparameters: {i: {min: 1, max: 99}}\n"
                                "sweepctl: {fail_fast: false}\n")
            wait_until(lambda: home.show(sweep)["counts"]["finished"] > 5, 20, "runs")
            filler = os.path.join(home.path, "filler")
            with open(filler, "wb", buffering=0) as file:
                try:
                    while file.write(b"\0" * 65536):
                        pass
                except OSError:
                    pass
            done = wait_until(lambda: [d for d in [home.run("pause", sweep, check=False)] if d.returncode != 0] or None, 30,
                              "the full disk to be told")[0]
            check("disk" in done.stderr or "full" in done.stderr, f"no clear word: {done.stderr}")
            os.unlink(filler)
            wait_until(lambda: home.run("pause", sweep, check=False).returncode == 0, 30, "the disk to be usable again")
            wait_until(lambda: home.show(sweep)["drained"] or not home.show(sweep)["counts"]["running"], 30, "live runs to end")
            fsck = home.run("fsck", check=False)
            check(fsck.returncode == 0, f"fsck: {fsck.stdout}")
        finally:
            home.kill(home.controller() + home.agents() + home.leftovers())
            wait_until(lambda: subprocess.run(["umount", home.path], stderr=subprocess.DEVNULL).returncode == 0, 20, "the disk to be let go")


def main():
    with Home(slots=2) as home:
        home.serve()
        for part in (specs, clients, crowds, programs, many_metrics):
            part(home)
            for pid in home.controller() + home.agents():
                check(resident(pid) < mebibytes(400), f"after {part.__name__} a daemon has {resident(pid)} MiB")
            print(f"hostile: {part.__name__} harmed nobody", flush=True)
        home.run("fsck")
    full_disk()
    print("hostile: a full disk harmed nobody")


if __name__ == "__main__":
    main()
