#!/usr/bin/python3
"""Runs each case's command line and compares all that comes out of it.

    golden.py SWEEPCTL CASES [CASE ...]        UPDATE_GOLDEN=1 rewrites what is expected

A case is a folder: `cmd` is a line for bash, run in a copy of the folder; `stdout`, `stderr` and `exit`
are what it must give (empty and 0 where there is no such file). With a `server.json` there is a
controller of canned answers, and `requests` is what it must have been asked.
"""

import concurrent.futures
import difflib
import os
import shutil
import subprocess
import sys
import tempfile

from fake_server import FakeServer

DEADLINE_S = 30
EXPECTED = ("stdout", "stderr", "exit", "requests")
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"


def expected(case, name):
    path = os.path.join(case, name)
    if not os.path.exists(path):
        return "0\n" if name == "exit" else ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def update(case, name, text):
    path = os.path.join(case, name)
    if text == ("0\n" if name == "exit" else ""):
        if os.path.exists(path):
            os.remove(path)
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def run_case(sweepctl, case):
    """What came out, by the name of the file that holds what is expected."""
    with tempfile.TemporaryDirectory(prefix="sweepctl-golden-") as directory:
        work = os.path.join(directory, "case")
        shutil.copytree(case, work, ignore=shutil.ignore_patterns(*EXPECTED, "server.json"))
        os.mkdir(os.path.join(directory, "bin"))
        os.symlink(sweepctl, os.path.join(directory, "bin", "sweepctl"))
        environment = {
            "PATH": os.path.join(directory, "bin") + ":/usr/bin:/bin",
            "HOME": directory,
            "SWEEPCTL_HOME": os.path.join(directory, "home"),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "DIR": directory,
        }
        canned = os.path.join(case, "server.json")
        server = FakeServer(canned) if os.path.exists(canned) else None
        if server:
            environment["SWEEPCTL_SERVER"] = server.url
            environment["SWEEPCTL_TOKEN"] = "secret"
        try:
            done = subprocess.run(
                ["bash", os.path.join(work, "cmd")],
                cwd=work,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=DEADLINE_S,
            )
        finally:
            if server:
                server.close()

        def plain(output):
            text = output.decode("utf-8", "backslashreplace").replace(directory, "$DIR")
            return text.replace(server.url, "$SERVER") if server else text

        out = {
            "stdout": plain(done.stdout),
            "stderr": plain(done.stderr),
            "exit": f"{done.returncode}\n",
        }
        if server:
            out["requests"] = "".join(plain(line.encode()) + "\n" for line in server.requests)
        return out


def check(sweepctl, case):
    """What is wrong, as text; empty when all is well."""
    try:
        outputs = run_case(sweepctl, case)
    except subprocess.TimeoutExpired:
        return f"it did not end within {DEADLINE_S} s\n"
    wrong = ""
    for name, text in outputs.items():
        want = expected(case, name)
        if UPDATE:
            update(case, name, text)
        elif text != want:
            diff = difflib.unified_diff(
                want.splitlines(True), text.splitlines(True), f"{name}, expected", name
            )
            wrong += "".join(line if line.endswith("\n") else line + "\n" for line in diff)
    return wrong


def main(sweepctl, cases, names):
    if not names:
        names = sorted(entry for entry in os.listdir(cases) if not entry.startswith("."))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        folders = [os.path.join(cases, name) for name in names]
        for name, wrong in zip(names, pool.map(lambda case: check(sweepctl, case), folders)):
            if wrong:
                failed += 1
                print(f"FAILED: {name}\n{wrong}")
    print(f"{len(names) - failed} of {len(names)} cases passed")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3:]))
