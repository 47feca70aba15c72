"""The real W&B clients, each in a virtual environment of its own, made once and kept in the build directory."""

import fcntl
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
NEWEST = "0.31.0"
OLDER = "0.30.0"
# What users have beside wandb: images and tables need them.
BESIDE = ["numpy==2.2.6", "pillow==11.3.0"]
SKIPPED = 77  # what ctest reads as "skipped"
AGAIN_AFTER = 600  # seconds until an index that could not be reached is asked again


class Unavailable(Exception):
    """There is no such client here, and why."""


def _directory():
    return os.environ.get("WANDB_CLIENTS_DIR") or os.path.join(ROOT, "build/wandb-clients")


def _install(place, version):
    """A venv at `place`. It counts only when the file `whole` is in it."""
    shutil.rmtree(place, ignore_errors=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    # The machine's interpreter, also when this one is a venv's.
    base = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
    steps = [
        [base, "-m", "venv", place],
        [
            os.path.join(place, "bin/python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--retries",
            "1",
            "--timeout",
            "20",
            "wandb==" + version,
            *BESIDE,
        ],
    ]
    for step in steps:
        try:
            done = subprocess.run(step, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"{' '.join(step[:4])}: {error}") from error
        if done.returncode != 0:
            last = (done.stdout.strip().splitlines() or ["no output"])[-1]
            raise Unavailable(f"'{' '.join(step[1:4])}' failed: {last}")
    with open(os.path.join(place, "whole"), "w", encoding="utf-8"):
        pass


def python_of(version):
    """The interpreter that has this client; makes it when it is missing. Raises Unavailable."""
    directory = _directory()
    os.makedirs(directory, exist_ok=True)
    place = os.path.join(directory, version)
    python = os.path.join(place, "bin/python")
    failed = place + ".unavailable"
    with open(os.path.join(directory, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(os.path.join(place, "whole")):
            return python
        if os.path.exists(failed) and time.time() - os.path.getmtime(failed) < AGAIN_AFTER:
            with open(failed, encoding="utf-8") as why:
                raise Unavailable(why.read())
        try:
            _install(place, version)
        except Unavailable as error:
            with open(failed, "w", encoding="utf-8") as why:
                why.write(str(error))
            raise
        if os.path.exists(failed):
            os.unlink(failed)
    return python


def enter():
    """Goes on in the client's own interpreter, so that a test can import wandb; its version.

    The test's one argument, or WANDB_CLIENT, says which: newest (the default), older, or a version.
    """
    wanted = (sys.argv[1:] or [os.environ.get("WANDB_CLIENT", "newest")])[0]
    version = {"newest": NEWEST, "older": OLDER}.get(wanted, wanted)
    if os.environ.get("WANDB_TEST_INSIDE") == version:
        return version
    try:
        python = python_of(version)
    except Unavailable as why:
        name = os.path.basename(sys.argv[0])
        print(f"{name}: SKIPPED: no client wandb {version} here: {why}", flush=True)
        sys.exit(SKIPPED)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("WANDB_") or name == "WANDB_CLIENTS_DIR"
    }
    environment["WANDB_TEST_INSIDE"] = version
    os.execve(python, [python, os.path.abspath(sys.argv[0]), *sys.argv[1:]], environment)


if __name__ == "__main__":
    for each in (NEWEST, OLDER):
        print(each, python_of(each))
