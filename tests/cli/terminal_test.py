#!/usr/bin/python3
"""What a person sees: sweepctl behind a pseudo-terminal, with a controller of canned answers.

    terminal_test.py SWEEPCTL
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import tempfile
import termios
import time
import unittest

from fake_server import FakeServer

SWEEPCTL = ""
DEADLINE_S = 20
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

SPEC = "program: train.py\nmethod: grid\nmetric: {name: loss}\nparameters: {lr: {values: [1, 2]}}\n"


def sweep(**fields):
    counts = dict.fromkeys(("pending", "running", "finished", "failed", "crashed", "killed"), 0)
    counts.update(fields.pop("counts", {"running": 2, "finished": 40, "failed": 1}))
    whole = {
        "id": "k3f9x2ab",
        "name": "digits, a name that is longer than many a terminal is wide",
        "project": "p",
        "entity": "e",
        "status": "running",
        "reason": None,
        "method": "grid",
        "counts": counts,
        "expected_runs": 100,
        "best": {"run": "r0000001", "value": 0.0125},
        "metric": {"name": "loss", "goal": "minimize"},
        "started_at": "2026-11-22T10:00:00.000Z",
        "ended_at": "2026-11-22T10:01:40.000Z",
    }
    whole.update(fields)
    return whole


def run(number, state):
    return {
        "id": f"r{number:07}",
        "state": state,
        "attempt": 1,
        "end_reason": "exit",
        "exit_code": 0 if state == "finished" else 3,
        "config": {"lr": 0.001 * number, "optimizer": {"name": "adam"}},
        "summary": {"loss": 1.0 / number},
        "started_at": "2026-11-22T10:00:00.000Z",
        "ended_at": "2026-11-22T10:00:04.000Z",
    }


def ended(number, state):
    return {
        "id": number,
        "time": "2026-11-22T10:00:00.000Z",
        "sweep": "k3f9x2ab",
        "run": f"r{number:07}",
        "kind": "run_state",
        "to": state,
        "reason": "exit",
    }


class Terminal:
    """A process behind a terminal of so many columns."""

    def __init__(self, arguments, environment, columns=80, rows=24, cwd="/"):
        self.seen = ""
        self.code = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(SWEEPCTL, ["sweepctl", *arguments], environment)

    def read(self, until=None):
        """Reads until `until` was seen; without it, to the end."""
        deadline = time.monotonic() + DEADLINE_S
        while until is None or until not in self.seen:
            left = deadline - time.monotonic()
            ready = select.select([self.fd], [], [], max(left, 0))[0]
            if not ready:
                raise AssertionError(f"not seen within {DEADLINE_S} s: {until!r}, but: {self.seen!r}")
            try:
                piece = os.read(self.fd, 65536)
            except OSError:  # Linux says EIO when the other end is gone.
                piece = b""
            if not piece:
                if until is not None:
                    raise AssertionError(f"ended without {until!r}: {self.seen!r}")
                break
            self.seen += piece.decode("utf-8", "backslashreplace")
        return self.seen

    def press(self, keys):
        os.write(self.fd, keys)

    def end(self):
        self.read()
        self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return self.seen


class TerminalTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="sweepctl-terminal-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.environment = {
            "HOME": self.directory,
            "SWEEPCTL_HOME": os.path.join(self.directory, "home"),
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
            "TZ": "UTC",
        }

    def serve(self, answers):
        path = os.path.join(self.directory, "server.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(answers, file)
        server = FakeServer(path)
        self.addCleanup(server.close)
        self.environment.update(SWEEPCTL_SERVER=server.url, SWEEPCTL_TOKEN="secret")

    def terminal(self, *arguments, **options):
        return Terminal(arguments, self.environment, cwd=self.directory, **options)

    def serve_runs(self):
        self.serve(
            [
                {"request": "GET /api/v1/sweeps/k", "body": sweep()},
                {
                    "request": "GET /api/v1/sweeps/k3f9x2ab/runs",
                    "body": {"items": [run(1, "finished"), run(2, "failed")], "next_cursor": None},
                },
            ]
        )

    def test_tables_fit_and_are_coloured(self):
        self.serve_runs()
        for columns in (30, 60, 100):
            terminal = self.terminal("runs", "k", columns=columns)
            shown = terminal.end()
            self.assertEqual(terminal.code, 0)
            self.assertIn("\x1b[32mfinished\x1b[0m", shown)
            for line in ESCAPE.sub("", shown).splitlines():
                self.assertLessEqual(len(line), columns, shown)

    def test_no_color_and_dumb_terminals_get_plain_text(self):
        self.serve_runs()
        for variable in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.environment.update(variable)
            shown = self.terminal("runs", "k").end()
            self.assertNotIn("\x1b", shown)
            self.assertIn("finished", shown)

    def serve_following(self, *answers):
        self.serve(
            [
                {"request": "POST /api/v1/sweeps", "status": 201, "body": sweep(status="pending")},
                {"request": "GET /api/v1/sweeps/k", "body": sweep()},
                *answers,
                {
                    "request": "GET /api/v1/events",
                    "events": [ended(1, "finished"), ended(2, "failed")],
                    "open": True,
                },
                {"request": "GET /api/v1/runs/r0000001", "body": run(1, "finished")},
                {"request": "GET /api/v1/runs/r0000002", "body": run(2, "failed")},
            ]
        )

    def test_ctrl_c_detaches_from_a_launch(self):
        self.serve_following({"request": "GET /api/v1/sweeps/k3f9x2ab", "body": sweep()})
        with open(os.path.join(self.directory, "sweep.yaml"), "w", encoding="utf-8") as file:
            file.write(SPEC)
        terminal = self.terminal("launch", "sweep.yaml")
        terminal.read(until="r0000002")
        terminal.press(b"\x03")
        shown = terminal.end()
        plain = ESCAPE.sub("", shown)
        self.assertEqual(terminal.code, 130)
        self.assertIn("41/100  41%", plain)
        self.assertIn("█", plain)
        self.assertIn("best loss 0.0125 (run r0000001)", plain)
        self.assertIn("exit 3  loss=0.5  lr=0.002 optimizer.name=adam", plain)
        self.assertIn("detached; the sweep goes on", plain)
        self.assertIn("sweepctl watch k3f9x2ab", plain)
        self.assertIn("\r\nk3f9x2ab\r\n", plain)

    def test_watch_draws_over_itself_and_ends_with_the_sweep(self):
        done = sweep(status="finished", counts={"finished": 100}, drained=True)
        self.serve_following(
            {"request": "GET /api/v1/sweeps/k3f9x2ab", "body": sweep()},
            {"request": "GET /api/v1/sweeps/k3f9x2ab", "body": done},
        )
        for columns, rows in ((80, 24), (26, 4)):
            terminal = self.terminal("watch", "k", columns=columns, rows=rows)
            shown = terminal.end()
            self.assertEqual(terminal.code, 0)
            for line in ESCAPE.sub("", shown).replace("\r", "").splitlines():
                self.assertLess(len(line), columns, shown)
            up = [int(n) for n in re.findall(r"\x1b\[(\d+)A", shown)]
            self.assertLess(max(up, default=0), rows)
            self.assertIn("finished", shown.split("\x1b[J")[-2])

    def test_without_unicode_there_is_none(self):
        self.environment["LC_ALL"] = "C"
        done = sweep(status="finished", counts={"finished": 100}, drained=True)
        self.serve_following({"request": "GET /api/v1/sweeps/k3f9x2ab", "body": done})
        shown = self.terminal("watch", "k").end()
        self.assertTrue(shown.isascii(), shown)
        self.assertIn("[####", shown)


if __name__ == "__main__":
    SWEEPCTL = os.path.abspath(sys.argv[1])
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
