#!/usr/bin/env python3
"""Measures sweepctl against what the machine can do and what people would use instead.

Every number is a ratio to a reference measured in the same round; rounds are interleaved, and the median and the
quartiles of the rounds' ratios are printed as a Markdown table. Nothing here passes or fails: see README for what
the numbers were, and run it yourself with `tests/run.sh --bench`.

    bench.py [--rounds N] [--runs N] [--only WORD]
"""

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from sweepctl_home import Home, wait_until  # noqa: E402

TOOL = os.environ["BENCH_TOOL"]
COMPUTE = os.environ["BENCH_COMPUTE"]
TICK = os.sysconf("SC_CLK_TCK")


def tool(*arguments):
    done = subprocess.run([TOOL, *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split()


def timed(command, **options):
    begin = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
    return time.monotonic() - begin


def cpu_seconds(pids):
    """User and system time of these processes, without their children."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def endpoint_of(home):
    """Port and token of the home's controller."""
    endpoint = json.load(open(os.path.join(home.path, "controller.json"), encoding="utf-8"))
    return int(endpoint["url"].rpartition(":")[2]), open(os.path.join(home.path, "token"), encoding="utf-8").read().strip()


def metric(home, name):
    """One value of the Prometheus text."""
    port, token = endpoint_of(home)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as reply:
        for line in reply.read().decode().splitlines():
            if line.split(" ")[0] == name:
                return float(line.split(" ")[1])
    raise KeyError(name)


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, reference, ratios, must, aim, unit=""):
        quartiles = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else [ratios[0]] * 3
        text = f"{statistics.median(ratios):.3g}{unit}"
        self.rows.append((what, reference, f"{text} [{quartiles[0]:.3g}–{quartiles[2]:.3g}]", must, aim, str(len(ratios))))
        print(f"  {what} / {reference}: {self.rows[-1][2]}", file=sys.stderr, flush=True)

    def print(self):
        print("| what | reference, same round | median [quartiles] | must | aim | rounds |")
        print("|---|---|---:|---|---|---:|")
        for row in self.rows:
            print("| " + " | ".join(row) + " |")


def grid_of_true(count):
    return f"method: grid\nprogram: 'true'\ncommand: [/bin/true]\nparameters: {{i: {{min: 1, max: {count}}}}}\n"


def sweep_seconds(home, spec):
    begin = time.monotonic()
    sweep = home.launch(spec)
    home.run("wait", sweep, timeout=600, check=False)
    took = time.monotonic() - begin
    return took, sweep


class Trivial:
    """Many runs of /bin/true, against the ways to spawn as many."""

    def __init__(self, slots, runs):
        self.slots, self.runs = slots, runs
        self.home = Home(slots=slots)
        self.home.serve()
        wait_until(lambda: self.home.json("agents"), 20, "the agent")
        sweep_seconds(self.home, grid_of_true(200))  # Warm.

    def sweepctl(self):
        pids = self.home.controller() + self.home.agents()
        before, commits = cpu_seconds(pids), metric(self.home, "sweepctl_commits_total")
        took, _ = sweep_seconds(self.home, grid_of_true(self.runs))
        self.cpu = (cpu_seconds(pids) - before) / self.runs
        self.commits = (metric(self.home, "sweepctl_commits_total") - commits) / self.runs
        return self.runs / took

    def spawn(self):
        took, cpu = tool("spawn", self.runs, self.slots, "/bin/true")
        self.true_cpu = float(cpu) / self.runs
        return self.runs / float(took)

    def xargs(self):
        numbers = "\n".join(map(str, range(self.runs))) + "\n"
        return self.runs / timed(["xargs", "-P", str(self.slots), "-n", "1", "/bin/true"], input=numbers, text=True)

    def parallel(self):
        count = max(100, self.runs // 5)
        log = os.path.join(self.home.path, "joblog")
        numbers = "\n".join(map(str, range(count))) + "\n"
        return count / timed(["parallel", "-j", str(self.slots), "--joblog", log, "/bin/true"], input=numbers, text=True,
                             stderr=subprocess.DEVNULL)

    def close(self):
        self.home.destroy()


def trivial(table, rounds, runs):
    for slots in (2, 8):
        subject = Trivial(slots, runs)
        references = {"posix_spawn loop": (subject.spawn, "≥ 0.40", "≥ 0.60"), "xargs -P": (subject.xargs, "≥ 0.70", "≥ 1.0")}
        if shutil.which("parallel"):
            references["parallel --joblog"] = (subject.parallel, "≥ 4", "≥ 6")
        ratios = {name: [] for name in references}
        cpu, commits, rates = [], [], []
        for _ in range(rounds):
            order = ["sweepctl", *references]
            random.shuffle(order)
            speed = {name: subject.sweepctl() if name == "sweepctl" else references[name][0]() for name in order}
            for name in references:
                ratios[name].append(speed["sweepctl"] / speed[name])
            rates.append(speed["sweepctl"])
            cpu.append(subject.cpu / subject.true_cpu)
            commits.append(subject.commits)
        for name, (_, must, aim) in references.items():
            table.add(f"trivial runs/s, {slots} slots ({statistics.median(rates):.0f}/s)", name, ratios[name], must, aim)
        if slots == 2:
            table.add("controller + agent CPU a trivial run", "CPU of /bin/true", cpu, "≤ 0.5", "≤ 0.3")
            table.add("transactions a run", "–", commits, "≤ 0.30", "≤ 0.15")
        subject.close()


def nice_hog():
    """A CPU hog that is nice to everybody. Linux weighs sessions against each other first, and a process's niceness
    counts within its own session only (sched(7), autogroup): in ours it would be nice to xargs alone."""
    hog = subprocess.Popen(["nice", "-n", "19", sys.executable, "-c", "while True: pass"], start_new_session=True)
    autogroup = f"/proc/{hog.pid}/autogroup"
    if os.path.exists(autogroup):
        with open(autogroup, "w", encoding="ascii") as nice:
            nice.write("19")
    return hog


def busy(table, rounds, runs):
    hogs = [nice_hog() for _ in range(2)]
    try:
        for slots in (2, 8):
            subject = Trivial(slots, runs // 2)
            ratios = []
            for _ in range(rounds):
                both = [subject.sweepctl, subject.xargs]
                random.shuffle(both)
                speed = {way.__name__: way() for way in both}
                ratios.append(speed["sweepctl"] / speed["xargs"])
            table.add(f"trivial runs/s, {slots} slots, beside two nice-19 hogs", "xargs -P", ratios, "≥ 1.0", "≥ 1.5")
            subject.close()
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def makespan(table, rounds, _):
    with Home(slots=2) as home:
        home.serve()
        wait_until(lambda: home.json("agents"), 20, "the agent")
        ratios, gaps50, gaps99 = [], [], []
        for number in range(rounds):
            log = os.path.join(home.path, f"compute.{number}.log")
            spec = (f"method: grid\nprogram: x\ncommand: [{COMPUTE}, '50', {log}]\n"
                    "parameters: {i: {min: 1, max: 200}}\n")
            sweep_seconds(home, spec)
            slots = {}
            for line in open(log, encoding="utf-8"):
                slot, begin, end = map(int, line.split())
                slots.setdefault(slot, []).append((begin, end))
            spans = sorted(span for entries in slots.values() for span in entries)
            computed = sum(end - begin for begin, end in spans)
            wall = max(end for _, end in spans) - spans[0][0]
            ratios.append(wall / (computed / 2))
            gaps = []
            for entries in slots.values():
                entries.sort()
                gaps += [(entries[i + 1][0] - entries[i][1]) / 1e6 for i in range(len(entries) - 1)]
            gaps.sort()
            gaps50.append(gaps[len(gaps) // 2])
            gaps99.append(gaps[len(gaps) * 99 // 100])
        table.add("200 runs that compute 50 ms, 2 slots: makespan", "the same work without a gap", ratios, "≤ 1.06", "≤ 1.03")
        table.add("end of a run to start of the next in its slot, p50", "–", gaps50, "≤ 3 ms", "≤ 1 ms", " ms")
        table.add("end of a run to start of the next in its slot, p99", "–", gaps99, "≤ 15 ms", "≤ 5 ms", " ms")


def cancel(table, rounds, _):
    count = 1000
    ratios = []
    with Home(slots=count) as home:
        home.serve()
        wait_until(lambda: home.json("agents"), 20, "the agent")
        for _ in range(rounds):
            sweep = home.launch(f"method: grid\nprogram: x\ncommand: [/bin/sleep, '600']\nparameters: {{i: {{min: 1, max: {count}}}}}\n")
            wait_until(lambda: home.show(sweep)["counts"]["running"] == count, 60, "all to run")
            begin = time.monotonic()
            home.run("cancel", sweep, timeout=60)
            took = time.monotonic() - begin
            counts = home.show(sweep)["counts"]
            assert counts["killed"] == count, counts
            ratios.append(took / float(tool("kill", count)[0]))
    table.add("cancel of 1,000 sleeping runs, all reaped and durable", "kill + reap loop", ratios, "≤ 3", "≤ 1.5")


def private_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as rollup:
        return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))


def runner_memory(table, _, __):
    with Home(slots=4) as home:
        home.serve()
        home.launch("method: grid\nprogram: x\ncommand: [/bin/sleep, '600']\nparameters: {i: {min: 1, max: 4}}\n")
        runners = wait_until(lambda: [pids for pids in [home.runners()] if len(pids) == 4], 20, "the runners")[0]
        table.add("memory of a runner (private)", "–", [private_kib(pid) for pid in runners], "≤ 700 KiB", "≤ 150 KiB", " KiB")


def version(table, rounds, _):
    binary = os.environ["SWEEPCTL_BIN"]
    ratios = []
    for _ in range(rounds):
        both = [("ours", [binary, "--version"]), ("true", ["/bin/true"])]
        random.shuffle(both)
        took = {name: float(tool("start", 200, *command)[0]) for name, command in both}
        ratios.append(took["ours"] / took["true"])
    table.add("sweepctl --version", "/bin/true", ratios, "≤ 3", "≤ 2")


def next_point(table, rounds, _):
    for method, name in (("grid", "next point of a grid of 10^9 cells"), ("random", "next point of a random search")):
        values = [float(tool("next-point", method)[0]) / 1000 for _ in range(rounds)]
        table.add(f"{name} after 100,000 ended runs", "W&B's engine at 5,000: 17 / 2 ms", values, "≤ 0.1 ms", "≤ 0.02 ms", " ms")


def drop_cache(path):
    for suffix in ("", "-wal"):
        if os.path.exists(path + suffix):
            with open(path + suffix, "rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def history(table, rounds, _):
    with Home(slots=0) as home:
        database = os.path.join(home.path, "sweepctl.db")
        print("  filling a database with 1,000,000 runs", file=sys.stderr)
        sweep = tool("fill", database, 1_000_000, 1000)[0]
        ready, pages, memory = [], [], []
        for _ in range(rounds):
            drop_cache(database)
            reference = float(tool("scan", database)[0])
            drop_cache(database)
            begin = time.monotonic()
            home.serve()
            ready.append((time.monotonic() - begin) / reference)
            controller = home.controller()[0]
            page = api_times(home, f"/api/v1/sweeps/{sweep}/runs?limit=100&cursor=", 300)
            empty = api_times(home, "/api/v1/health", 300)
            raw = float(tool("page", database, 300)[0])
            pages.append(page / (raw + empty))
            memory.append(private_kib(controller) / 1024)
            home.run("shutdown")
            wait_until(lambda: not home.controller(), 20, "the controller to leave")
        table.add("controller start to ready, 1,000,000 ended and 1,000 live runs", "cold full scan", ready, "≤ 0.5", "≤ 0.25")
        table.add("runs --limit 100 of 1,000,000 over the API", "raw keyset page + empty reply", pages, "≤ 5", "≤ 2.5")
        table.add("memory of that controller (private)", "–", memory, "≤ 150 MB", "≤ 60 MB", " MB")


def api_times(home, target, count):
    """Median time of a GET on a connection that is kept, over the unix socket."""
    import http.client
    import socket

    endpoint = json.load(open(os.path.join(home.path, "controller.json"), encoding="utf-8"))
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(endpoint["socket"])
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        connection.request("GET", target)
        reply = connection.getresponse()
        body = reply.read()
        times.append(time.perf_counter() - begin)
        assert reply.status == 200, body
    connection.close()
    return statistics.median(times)


# As reads_bench names them.
READS = (("first page of 50, whole runs", "≤ 20 ms", "≤ 1 ms"),
         ("listing of 10,000 runs, whole", "–", "–"),
         ("count: config.lr > 0.005", "≤ 100 ms", "≤ 70 ms"),
         ("count: summary_metrics.val_loss < 0.001", "≤ 100 ms", "≤ 70 ms"),
         ("count: tags = a", "–", "–"),
         ("first page by summary_metrics.loss", "–", "–"),
         ("the same, scanned in ranges of 1,000", "–", "–"))


def client_reads(table, rounds, _):
    """What W&B's clients ask, at the server and without HTTP."""
    times = {name: [] for name, _, _ in READS}
    for _ in range(min(rounds, 3)):
        done = subprocess.run([os.environ["READS_BENCH"]], stdout=subprocess.PIPE, text=True, check=True)
        for line in done.stdout.splitlines():
            name, wall, _, _ = line.split("\t")
            if name in times:
                times[name].append(float(wall))
    for name, must, aim in READS:
        what = f"of 100,000 runs: {name}".replace("of 100,000 runs: the same", "of a history of 100,000 steps")
        table.add(f"W&B read {what}", "–", times[name], must, aim, " ms")


def ingest(table, rounds, _):
    """History lines of three metrics that W&B's clients hand over, from the POST to the durable answer."""
    with Home(slots=0) as home:
        home.serve()
        port, token = endpoint_of(home)
        speed = {streams: [] for streams in (1, 8, 64)}
        for _ in range(rounds):
            for streams, values in speed.items():
                values.append(float(subprocess.run([os.environ["STREAM_BENCH"], str(port), token, str(streams), "1000", "3", "2"],
                                                   stdout=subprocess.PIPE, text=True, check=True).stdout.split()[0]))
        for streams, values in speed.items():
            table.add(f"history lines of W&B's clients, {streams} at a time", "–", values, "≥ 50,000/s", "–", "/s")


def foreign_agents(table, rounds, _):
    """1,000 agents of W&B's that heartbeat every 5 s, that is 200 heartbeats a second."""
    import base64
    import http.client

    count, seconds = 1000, 10
    with Home(slots=0) as home:
        home.serve()
        sweep = home.launch("method: random\nprogram: x\ncommand: [/bin/true]\nparameters: {i: {min: 0.0, max: 1.0}}\n")
        port, token = endpoint_of(home)
        connection = http.client.HTTPConnection("127.0.0.1", port)
        headers = {"Content-Type": "application/json",
                   "Authorization": "Basic " + base64.b64encode(f"api:{token}".encode()).decode()}

        def ask(query, variables):
            connection.request("POST", "/graphql", json.dumps({"query": query, "variables": variables}), headers)
            reply = json.loads(connection.getresponse().read())
            assert "errors" not in reply, reply
            return reply["data"]

        create = "mutation($s: String!) { createAgent(input: {host: \"h\", sweep: $s}) { agent { id } } }"
        beat = ("mutation($id: ID!, $live: JSONString) "
                "{ agentHeartbeat(input: {id: $id, metrics: \"{}\", runState: $live}) { agent { id } commands } }")
        agents, runs = [], {}
        for _ in range(count):
            agents.append(ask(create, {"s": sweep})["createAgent"]["agent"]["id"])
        for agent in agents:  # Each is given a run, and says from then on that it lives.
            commands = json.loads(ask(beat, {"id": agent, "live": "{}"})["agentHeartbeat"]["commands"])
            runs[agent] = json.dumps({command["run_id"]: True for command in commands if "run_id" in command})
        assert sum(live != "{}" for live in runs.values()) == count, "an agent was given no run"
        controller = home.controller()
        shares = []
        for _ in range(min(rounds, 3)):
            before, begin = cpu_seconds(controller), time.monotonic()
            for number in range(count * seconds // 5):
                agent = agents[number % count]
                ask(beat, {"id": agent, "live": runs[agent]})
                time.sleep(max(0.0, begin + (number + 1) * 5 / count - time.monotonic()))
            shares.append(100 * (cpu_seconds(controller) - before) / (time.monotonic() - begin))
        table.add("1,000 agents of W&B's, a heartbeat every 5 s: CPU of the controller", "a core", shares, "≤ 10 %", "–", " %")


PARTS = {part.__name__: part for part in
         (version, next_point, client_reads, ingest, foreign_agents, runner_memory, trivial, makespan, cancel, history, busy)}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--runs", type=int, default=2000)
    options.add_argument("--only", choices=PARTS, action="append")
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    table = Table()
    for name, part in PARTS.items():
        if chosen.only and name not in chosen.only:
            continue
        print(f"{name}:", file=sys.stderr, flush=True)
        part(table, chosen.rounds, chosen.runs)
    table.print()


if __name__ == "__main__":
    main()
