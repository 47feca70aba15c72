#!/usr/bin/env python3
"""The requests of a real client, recorded, sent again: what tests the server where no client can be had. Needs only Python."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from traffic import Replay  # noqa: E402
from wandb_home import HERE, WandbHome, check  # noqa: E402


def main():
    folder = os.path.join(HERE, "recorded")
    with WandbHome() as home:
        replay, count = Replay(home), 0
        for name in ("sweep", "run", "read"):
            with open(os.path.join(folder, name + ".jsonl"), encoding="utf-8") as recording:
                for line in recording:
                    replay.send(json.loads(line))
                    count += 1
        check(count > 50, f"only {count} requests were recorded")
        check(not replay.problems, f"{len(replay.problems)} of {count}:\n" + "\n".join(replay.problems[:40]))
        print(f"{count} recorded requests answered as they were")


if __name__ == "__main__":
    main()
