#!/usr/bin/env python3
"""The client's own check of a server, `wandb verify`: all of it passes but artifacts and what needs HTTPS."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients  # noqa: E402
from wandb_home import WandbHome, check  # noqa: E402

PASSES = [
    "Checking if logged in",
    "Checking signed URL upload",
    "Checking ability to send large payloads through proxy",
    "Checking wandb package version is up to date",
    "Checking logged metrics, saving and downloading a file",
    "Checking sweep creation and agent execution",
]


def main():
    version = clients.enter()
    with WandbHome() as home:
        out = home.wandb("verify", check_code=None, timeout=240).stdout
        print(f"wandb {version}\n{out}")
        for name in PASSES:
            check(re.search(re.escape(name) + r"\.*✅", out), f"'{name}' does not pass")


if __name__ == "__main__":
    main()
