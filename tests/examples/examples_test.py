#!/usr/bin/python3
"""Runs every example as its README says, with a home of its own, and looks at what became of it.

    examples_test.py SWEEPCTL EXAMPLES [TEST ...]
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SWEEPCTL, EXAMPLES = "", ""
DEADLINE_S = 300  # For a command that should take seconds: a hang must not look like slowness.


class ExamplesTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="sweepctl-examples-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        # A copy, so that nothing is written into the sources.
        self.examples = os.path.join(self.directory, "examples")
        shutil.copytree(EXAMPLES, self.examples)
        foreign = ("SWEEPCTL_", "WANDB_", "XDG_")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        self.environment["SWEEPCTL_HOME"] = os.path.join(self.directory, "home")
        self.environment["PATH"] = os.path.dirname(SWEEPCTL) + ":" + os.environ["PATH"]
        self.addCleanup(self.end_controller)

    def end_controller(self):
        if os.path.isdir(self.environment["SWEEPCTL_HOME"]):
            self.sweepctl("shutdown", "--cancel", check=False)

    def sweepctl(self, *arguments, folder=".", check=True):
        command = [SWEEPCTL, *arguments]
        done = subprocess.run(
            command,
            cwd=os.path.join(self.examples, folder),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )
        if check:
            self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def json(self, *arguments, folder="."):
        return json.loads(self.sweepctl(*arguments, "--json", folder=folder))

    def json_lines(self, *arguments):
        return [json.loads(line) for line in self.sweepctl(*arguments, "--json").splitlines()]

    def launch(self, folder, spec):
        """The ended sweep and its runs."""
        output = self.sweepctl("launch", spec, folder=folder)
        sweep = self.json("show", output.strip().splitlines()[-1])
        self.assertEqual(sweep["status"], "finished", output)
        runs = self.json("runs", sweep["id"])
        self.assertEqual({run["state"] for run in runs}, {"finished"}, output)
        for run in runs:
            self.assertEqual(run["exit_code"], 0)
            self.assertEqual(run["sweep"], sweep["id"])
        return sweep, runs

    def replay(self, spec, rule):
        """A sweep of played back trainings, of which the hopeless are stopped."""
        done = subprocess.run(
            [SWEEPCTL, "launch", spec],
            cwd=os.path.join(self.examples, "replay"),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )
        self.assertEqual(done.returncode, 6, done.stdout + done.stderr)  # Not all runs finished.
        sweep = self.json("show", done.stdout.strip().splitlines()[-1])
        self.assertEqual(sweep["status"], "finished")
        runs = self.json("runs", sweep["id"])
        self.assertEqual(len(runs), 40)
        stopped = [run for run in runs if run["end_reason"] == "early_terminate"]
        self.assertEqual({run["state"] for run in stopped}, {"killed"})
        # The others ended by themselves: some of the real trainings diverged.
        ends = {(run["state"], run["exit_code"]) for run in runs if run not in stopped}
        self.assertLessEqual(ends, {("finished", 0), ("failed", 1)})
        self.assertIn(("finished", 0), ends)
        # Which ones are stopped depends on who logs first, that some are does not.
        self.assertGreaterEqual(len(stopped), 5)
        for run in stopped:
            told = self.sweepctl("explain", run["id"])
            self.assertIn("early stopping judged it hopeless", told)
            self.assertIn("is worse than the threshold", told)
            self.assertIn(f"early stopping by {rule}", told)
        self.assertGreater(sweep["best"]["value"], 0.4)
        return sweep, stopped

    def test_replay_hyperband(self):
        sweep, stopped = self.replay("sweep-hyperband.yaml", "hyperband, min_iter 9, eta 3")
        for run in stopped:
            self.assertGreaterEqual(run["summary"]["epoch"], 9)
        self.assertIn("band 9: threshold", self.sweepctl("explain", sweep["best"]["run"]))
        orders = [event for event in self.json_lines("events", sweep["id"]) if event["kind"] == "stop_run"]
        self.assertEqual({event["run"] for event in orders} - {run["id"] for run in stopped}, set())
        for event in orders:
            self.assertEqual(event["reason"], "early_terminate")
            self.assertRegex(event["detail"], r"^val_top1 [0-9.e-]+ at band (9|27|81) is worse than the threshold")

    def test_replay_median(self):
        _, stopped = self.replay("sweep-median.yaml", "median, min_iter 5, min_runs 5")
        for run in stopped:
            self.assertGreaterEqual(run["summary"]["epoch"], 5)

    def assert_all_cells_once(self, runs, expected):
        configs = {json.dumps(run["config"], sort_keys=True) for run in runs}
        self.assertEqual((len(runs), len(configs)), (expected, expected))

    def test_every_spec_is_valid(self):
        specs = 0
        for folder, _, files in os.walk(self.examples):
            for file in files:
                if file.endswith((".yaml", ".yml")):
                    specs += 1
                    with self.subTest(spec=file, folder=folder):
                        self.sweepctl("validate", file, folder=folder)
        self.assertGreaterEqual(specs, 5)

    def test_digits_grid(self):
        sweep, runs = self.launch("digits", "sweep-grid.yaml")
        self.assert_all_cells_once(runs, 12)
        self.assertEqual(sweep["expected_runs"], 12)
        self.assertEqual(sweep["counts"]["finished"], 12)
        # Not only the programs ended well: they learnt, and what they logged arrived.
        accuracies = {run["id"]: run["summary"]["val_accuracy"] for run in runs}
        self.assertGreater(max(accuracies.values()), 0.97)
        for run in runs:
            self.assertEqual(run["summary"]["epoch"], 40)
        ranked = self.json("runs", sweep["id"], "--sort", "-val_accuracy")
        values = [run["summary"]["val_accuracy"] for run in ranked]
        self.assertEqual(values, sorted(values, reverse=True))
        # The best run is the one with the best epoch, which need not be the last one.
        self.assertGreaterEqual(sweep["best"]["value"], max(accuracies.values()))
        self.assertIn(sweep["best"]["run"], accuracies)
        self.assertIn("val_accuracy=", self.sweepctl("logs", sweep["best"]["run"]))

    def test_digits_random(self):
        planned = self.json("plan", "sweep-random.yaml", "-n", "12", folder="digits")
        sweep, runs = self.launch("digits", "sweep-random.yaml")
        self.assert_all_cells_once(runs, 12)

        def plain(configs):
            return sorted(json.dumps(config, sort_keys=True) for config in configs)

        # The seed alone decides what is drawn.
        self.assertEqual(plain(run["config"] for run in runs), plain(item["config"] for item in planned))
        self.assertGreater(sweep["best"]["value"], 0.9)

    def test_shell(self):
        sweep, runs = self.launch("shell", "sweep.yaml")
        self.assert_all_cells_once(runs, 9)
        sizes = {run["id"]: run["summary"]["bytes"] for run in runs}
        self.assertEqual(sweep["best"]["value"], min(sizes.values()))
        self.assertEqual(sizes[sweep["best"]["run"]], min(sizes.values()))
        self.assertNotIn("EARLIER ATTEMPT", self.sweepctl("run", sweep["best"]["run"]))

    def test_nested(self):
        sweep, runs = self.launch("nested", "sweep.yaml")
        self.assert_all_cells_once(runs, 8)
        self.assertEqual(
            {run["config"]["optimizer"]["learning_rate"] for run in runs}, {0.02, 0.1}
        )
        self.assertEqual({run["config"]["model"]["bias"] for run in runs}, {True, False})
        for run in runs:
            self.assertGreater(run["summary"]["val.accuracy"], 0.9)

    def test_checkpoint(self):
        _, runs = self.launch("checkpoint", "sweep.yaml")
        self.assert_all_cells_once(runs, 3)
        for run in runs:
            self.assertEqual(run["attempt"], 2, run)
            self.assertEqual(run["summary"]["epoch"], 40)
            # It went on where it was, and did not begin again.
            log = self.sweepctl("logs", run["id"])
            self.assertIn("attempt 2 begins after epoch 15", log)
            earlier = self.sweepctl("run", run["id"]).partition("EARLIER ATTEMPT")[2].splitlines()[1:]
            self.assertEqual([line.split()[0] for line in earlier], ["1"])


if __name__ == "__main__":
    SWEEPCTL, EXAMPLES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[3:]])
