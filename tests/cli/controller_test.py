#!/usr/bin/env python3
"""The verbs with a real controller, agent and programs."""

import csv
import http.server
import io
import json
import os
import signal
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from sweepctl_home import Home, wait_until  # noqa: E402

RUN_FIELDS = (
    "id name sweep project entity state stopping attempt end_reason exit_code term_signal config summary created_at "
    "started_at ended_at heartbeat_at agent host pid"
).split()
SWEEP_FIELDS = (
    "id name project entity status method counts expected_runs exhausted best spec created_at"
).split()
EVENT_FIELDS = "id time actor sweep run attempt kind from to reason detail".split()
STATUS_FIELDS = "version pid home url socket started_at sweeps live_runs agents".split()
AGENT_FIELDS = "id host state slots busy gpus sweep heartbeat_at".split()


def shell_spec(script, **keys):
    """A grid over x, of runs that are bash with this script."""
    values = keys.pop("values", [1, 2])
    spec = {
        "method": "grid",
        "command": ["bash", "-c", script, "run", "${x}"],
        "metric": {"name": "loss"},
        "parameters": {"x": {"values": values}},
    }
    return json.dumps({**spec, **keys})


class ControllerTest(unittest.TestCase):
    def setUp(self):
        self.home = Home(slots=2)
        self.addCleanup(self.home.destroy)

    def start(self, *arguments, **options):
        """A verb that is left running."""
        process = subprocess.Popen(
            [self.home.binary, *arguments],
            env=self.home.env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        return process

    def end(self, process, seconds=60):
        out, err = process.communicate(timeout=seconds)
        return process.returncode, out, err

    def spec(self, text, name="sweep.yaml"):
        path = os.path.join(self.home.path, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def kill_controller(self):
        pids = self.home.controller()
        self.assertEqual(len(pids), 1)
        self.home.kill(pids)
        wait_until(lambda: not self.home.controller(), 10, "the controller to be gone")

    def test_verbs_at_once_start_one_controller(self):
        verbs = [self.start(*words) for words in (["ls"], ["agents"], ["events"], ["ls", "--json"])]
        ends = [self.end(verb) for verb in verbs]
        self.assertEqual([code for code, _, _ in ends], [0] * 4, ends)
        self.assertEqual(sum("started the controller" in err for _, _, err in ends), 1, ends)
        self.assertEqual(len(self.home.controller()), 1)
        again = self.home.run("serve", "--background", check=False)
        self.assertEqual(again.returncode, 4, again.stderr)
        self.assertIn("running already", again.stderr)

    def test_a_controller_that_does_not_start_says_why(self):
        with open(os.path.join(self.home.path, "sweepctl.db"), "wb") as file:
            file.write(b"this is no database, and long enough to look like one " * 100)
        failed = self.home.run("ls", check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("the controller did not start", failed.stderr)
        self.assertIn("sweepctl.db", failed.stderr)
        self.assertEqual(self.home.controller(), [])
        self.home.env["SWEEPCTL_HOME"] = os.path.join(self.home.path, "sweepctl.db")
        failed = self.home.run("ls", check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertRegex(failed.stderr, "Not a directory|File exists")

    def test_what_a_dead_controller_left_behind_is_no_controller(self):
        self.home.run("ls")
        self.kill_controller()
        self.assertEqual(self.home.run("status", check=False).returncode, 3)
        self.assertIn("started the controller", self.home.run("ls").stderr)
        shut = self.home.run("shutdown")
        self.assertEqual(self.home.controller(), [])
        self.assertEqual(shut.returncode, 0)

    def test_a_socket_that_was_swept_away_is_gone_round(self):
        self.home.run("ls")
        os.remove(self.home.json("status")["socket"])
        self.assertEqual(self.home.json("ls"), [])
        self.assertEqual(len(self.home.controller()), 1)

    def test_a_port_that_a_dead_controller_left_is_not_trusted(self):
        self.home.run("ls")
        url = self.home.json("status")["url"]
        self.kill_controller()
        asked = []

        class Stranger(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.headers.get("Authorization"))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        port = int(url.rpartition(":")[2])

        def take_port():
            try:
                return http.server.HTTPServer(("127.0.0.1", port), Stranger)
            except OSError:  # The dead one's memory goes before its sockets, and a connection may have the number for a while.
                return None

        with wait_until(take_port, 60, "the port to be free") as stranger:
            threading.Thread(target=stranger.serve_forever, daemon=True).start()
            self.assertIn("started the controller", self.home.run("ls").stderr)
            stranger.shutdown()
        self.assertEqual(asked, [])

    def test_tcp_needs_the_token(self):
        self.home.run("ls")
        url = self.home.json("status")["url"]
        with open(os.path.join(self.home.path, "token"), encoding="utf-8") as file:
            token = file.read().strip()
        sweep = self.home.launch(shell_spec("true"))
        self.home.env.update(SWEEPCTL_HOME="/nonexistent", SWEEPCTL_SERVER=url, SWEEPCTL_TOKEN=token)
        self.assertEqual(self.home.show(sweep)["id"], sweep)
        self.home.env["SWEEPCTL_TOKEN"] = token[:-1]
        refused = self.home.run("ls", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("SWEEPCTL_TOKEN", refused.stderr)

    def test_json_has_the_promised_fields(self):
        sweep = self.home.launch(shell_spec("sweepctl log loss=$1 note=a; sweepctl log loss=nan"), "--name", "named")
        self.home.env["PATH"] = os.path.dirname(self.home.binary) + ":" + self.home.env["PATH"]
        self.home.run("wait", sweep, check=False)
        shown = self.home.show(sweep)
        self.assertEqual(list(shown)[: len(SWEEP_FIELDS)], SWEEP_FIELDS)
        self.assertEqual((shown["name"], shown["status"], shown["expected_runs"]), ("named", "finished", 2))
        self.assertEqual([list(each)[:11] for each in self.home.json("ls")], [[f for f in SWEEP_FIELDS if f != "spec"]])
        runs = self.home.runs(sweep)
        self.assertEqual([list(run) for run in runs], [RUN_FIELDS] * 2)
        one = self.home.json("run", runs[0]["id"])
        self.assertEqual(list(one)[: len(RUN_FIELDS)], RUN_FIELDS)
        events = self.home.run("events", sweep, "--json").stdout.splitlines()
        self.assertGreater(len(events), 4)
        self.assertTrue(all(list(json.loads(line)) == EVENT_FIELDS for line in events))
        self.assertEqual(list(self.home.json("status")), STATUS_FIELDS)
        self.assertEqual([list(agent) for agent in self.home.json("agents")], [AGENT_FIELDS])
        lines = self.home.run("export", sweep, "--format", "jsonl").stdout.splitlines()
        exported = [json.loads(line) for line in lines]
        for number, run in enumerate(exported, 1):
            self.assertEqual([run.pop("number"), run.pop("suggestion"), run.pop("history")], [number, number - 1, []])
        self.assertEqual(exported, runs)
        rows = list(csv.DictReader(io.StringIO(self.home.run("export", sweep).stdout)))
        self.assertEqual([row["id"] for row in rows], [run["id"] for run in runs])
        self.assertEqual([row["config.x"] for row in rows], ["1", "2"])

    def test_plan_says_what_happens(self):
        spec = self.spec(
            json.dumps(
                {
                    "method": "grid",
                    "project": "a project",
                    "command": ["bash", "-c", 'printf "%s\\0" "$0" "$@" >argv; env -0 >env; pwd >cwd', "${args}", "${args_json_file}"],
                    "parameters": {"x": {"values": ["a b"]}, "opt": {"parameters": {"lr": {"value": 1e-05}}}},
                    "sweepctl": {"env": {"MINE": "of the spec"}, "workdir": "work"},
                }
            )
        )
        os.mkdir(os.path.join(self.home.path, "work"))
        (planned,) = self.home.json("plan", spec, cwd=self.home.path)
        self.home.run("launch", spec, cwd=self.home.path)
        (run,) = self.home.runs(self.home.json("ls")[0]["id"])
        self.assertEqual(run["state"], "finished", run)

        def read(name):
            with open(os.path.join(self.home.path, "work", name), encoding="utf-8") as file:
                return file.read()

        def real(text):
            return text.replace("<run>", run["id"]).replace("<sweep>", run["sweep"])

        self.assertEqual(run["config"], planned["config"])
        self.assertEqual(read("cwd").strip(), planned["cwd"])
        self.assertEqual(read("argv").split("\0")[:-1], [real(word) for word in planned["argv"][3:]])
        env = dict(entry.split("=", 1) for entry in read("env").split("\0") if entry)
        # What bash sets by itself, and what the launch had.
        added = {name: env[name] for name in env if self.home.env.get(name) != env[name]}
        for name in ("_", "SHLVL", "PWD", "OLDPWD"):
            added.pop(name, None)
        expected = {name: real(value) for name, value in planned["env"].items()}
        # The launch had it as well.
        added["SWEEPCTL_HOME"] = env["SWEEPCTL_HOME"]
        self.assertEqual(set(added), set(expected))
        for name, value in expected.items():
            if not value.startswith("<"):
                self.assertEqual(added[name], value, name)

    def test_launch_ends_like_its_sweep(self):
        for script, code in (("true", 0), ("exit $(($1 == 2))", 6)):
            launched = self.home.run("launch", self.spec(shell_spec(script)), check=False)
            self.assertEqual(launched.returncode, code, launched.stderr)
            self.assertEqual(launched.stdout.strip(), self.home.json("ls")[0]["id"])
        launch = self.start("launch", self.spec(shell_spec("sleep 100")))
        sweep = wait_until(lambda: [s for s in self.home.json("ls") if s["counts"]["running"] == 2], 20, "two live runs")
        self.assertEqual(self.home.run("wait", sweep[0]["id"], "--timeout", "100ms", check=False).returncode, 124)
        self.home.run("cancel", sweep[0]["id"])
        self.assertEqual(self.end(launch)[0], 5)

    def test_an_interrupt_detaches_and_harms_nothing(self):
        launch = self.start("launch", self.spec(shell_spec("sleep 100")))
        (sweep,) = wait_until(lambda: [s for s in self.home.json("ls") if s["counts"]["running"] == 2], 20, "live runs")
        launch.send_signal(signal.SIGINT)
        code, out, err = self.end(launch)
        self.assertEqual((code, out.strip()), (130, sweep["id"]), err)
        self.assertIn("detached", err)
        self.assertEqual(self.home.show(sweep["id"])["counts"]["running"], 2)

    def test_followers_outlive_the_controller(self):
        gate = os.path.join(self.home.path, "gate")
        script = f"echo begin $1; until [[ -e {gate} ]]; do sleep 0.05; done; echo end $1"
        sweep = self.home.launch(shell_spec(script))
        def both():
            runs = self.home.runs(sweep)
            return runs if [run["state"] for run in runs] == ["running", "running"] else None

        runs = wait_until(both, 20, "two live runs")
        wait = self.start("wait", sweep)
        logs = self.start("logs", "-f", runs[0]["id"])
        self.assertEqual(logs.stdout.readline(), "begin 1\n")
        events = self.start("events", "-f", sweep, "--json")
        self.assertEqual(json.loads(events.stdout.readline())["sweep"], sweep)
        # Its second thread follows the events.
        wait_until(lambda: len(os.listdir(f"/proc/{wait.pid}/task")) > 1, 20, "the waiting to begin")
        self.kill_controller()
        # Each says that it waits, before anybody brings the controller back.
        for follower in (wait, logs, events):
            self.assertIn("the controller is gone", follower.stderr.readline())
        self.home.run("ls")
        self.assertIn("the controller is back", events.stderr.readline())
        open(gate, "w", encoding="utf-8").close()
        code, out, err = self.end(wait)
        self.assertEqual((code, out), (0, f"sweep {sweep} finished\n"), err)
        code, out, err = self.end(logs)
        self.assertEqual((code, out), (0, "end 1\n"), err)
        seen = []
        while not seen or seen[-1]["to"] != "finished" or seen[-1]["kind"] != "sweep_status":
            seen.append(json.loads(events.stdout.readline()))
        past = [json.loads(line) for line in self.home.run("events", sweep, "--json").stdout.splitlines()]
        # Not one is missing, and none comes twice.
        self.assertEqual([event["id"] for event in seen], [event["id"] for event in past][1:])

    def test_own_configurations_go_first(self):
        sweep = self.home.launch(shell_spec("true", values=[1, 2, 3, 4]), "--paused")
        self.home.run("enqueue", sweep, "x=4")
        unknown = self.home.run("enqueue", sweep, "y=4", check=False)
        self.assertEqual(unknown.returncode, 1)
        self.assertIn("y", unknown.stderr)
        self.home.run("resume", sweep)
        self.home.run("wait", sweep)
        runs = self.home.runs(sweep)
        self.assertEqual([run["config"]["x"] for run in runs], [4, 1, 2, 3])
        ids = [run["id"] for run in runs]
        first = self.home.run("runs", sweep, "--filter", "x >= 3", "--sort", "-x", "--json").stdout
        self.assertEqual([run["config"]["x"] for run in json.loads(first)], [4, 3])
        self.home.run("rm", ids[0])
        self.assertEqual(self.home.run("run", ids[0], check=False).returncode, 3)

    def test_nothing_starts_a_controller_from_inside_a_run(self):
        self.home.env["SWEEPCTL_RUN_ID"] = "r1"
        refused = self.home.run("ls", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertEqual(self.home.controller(), [])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
