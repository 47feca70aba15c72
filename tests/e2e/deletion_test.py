#!/usr/bin/env python3
"""What was deleted leaves no files, what was not keeps its own, and a link's target is nobody's to delete."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sweepctl_home import Home, wait_until  # noqa: E402

SPEC = """
method: grid
command: [/bin/sh, -c, 'mkdir -p "$SWEEPCTL_RUN_DIR/deep/deeper"; echo x > "$SWEEPCTL_RUN_DIR/deep/deeper/state";
  ln -s "$PRECIOUS" "$SWEEPCTL_RUN_DIR/link"; echo "{}" > "$SWEEPCTL_METRICS"']
parameters: {n: {values: [1, 2, 3]}}
"""


def main():
    with Home() as home:
        precious = os.path.join(home.path, "precious")
        os.mkdir(precious)
        home.env["PRECIOUS"] = precious
        with open(os.path.join(precious, "file"), "w", encoding="utf-8") as file:
            file.write("not the sweep's")

        def files(sweep):
            folder = os.path.join(home.path, "sweeps", sweep)
            return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

        sweep = home.launch(SPEC)
        home.run("wait", sweep)
        first, *others = [run["id"] for run in home.runs(sweep)]
        assert [name for name in files(sweep) if name == first], files(sweep)

        home.run("rm", first)
        wait_until(lambda: not [name for name in files(sweep) if name.startswith(first)], 20, "the run's files to go")
        for run in others:
            for name in (run, f"{run}.1.log", f"{run}.1.yaml", f"{run}.1.metrics.jsonl"):
                assert name in files(sweep), f"'{name}' went as well: {files(sweep)}"

        home.run("rm", sweep)
        wait_until(lambda: not files(sweep), 20, "the sweep's files to go")
        waiting = os.path.join(home.path, "deleted")
        wait_until(lambda: not os.listdir(waiting), 20, "what was put aside to go")

        # A controller that died in the middle of it: the next one goes on.
        home.run("shutdown")
        wait_until(lambda: not home.controller(), 20, "the controller to end")
        os.makedirs(os.path.join(waiting, "old", "r1"))
        os.symlink(precious, os.path.join(waiting, "old", "r1", "link"))
        home.run("serve", "--background")
        wait_until(lambda: not os.listdir(waiting), 20, "what an earlier controller left to go")

        assert os.listdir(precious) == ["file"], "a link was followed"
        home.run("fsck")


if __name__ == "__main__":
    main()
