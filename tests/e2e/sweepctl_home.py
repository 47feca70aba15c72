"""A state directory of a test's own, with the real sweepctl working in it."""

import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time


# Programs with sanitizers in them take several times the memory.
SANITIZED = os.environ.get("SANITIZED") == "ON"


def mebibytes(limit):
    """What a limit on resident memory means for the programs under test."""
    return limit * 8 if SANITIZED else limit


ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


def processes_with(needle):
    """pids whose environment holds `needle` (bytes)."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as environ:
                if needle in environ.read():
                    found.append(int(entry))
        except OSError:
            continue
    return found


def leads_session(pid):
    try:
        return os.getsid(pid) == pid
    except ProcessLookupError:
        return False


def alive(pid):
    """Whether the process exists and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as cmdline:
            return cmdline.read().split(b"\0")
    except OSError:
        return []


def wait_until(condition, seconds, what):
    """Polls a condition that no event announces; fails loudly at its deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


# Belongs to nobody. Where several tests run at once, each counts only its own processes.
UNPRIVILEGED = 60000 + os.getpid() % 5000


class Home:
    """`unprivileged`: everything runs as a user that is not root. `limits`: of everything, by resource."""

    def __init__(self, slots=None, unprivileged=False, limits=None):
        self.binary = os.environ.get("SWEEPCTL_BIN") or os.path.join(ROOT, "build/bin/sweepctl")
        self.path = tempfile.mkdtemp(prefix="sweepctl-e2e-")
        self.programs = None
        self.limits = limits or {}
        self.user = os.geteuid()
        self.as_user = {}
        if unprivileged and self.user == 0:
            self.user = UNPRIVILEGED
            self.as_user = {"user": self.user, "group": self.user, "extra_groups": [], "cwd": "/"}
            self.binary = self.copy_of_programs()
            os.chown(self.path, self.user, self.user)
        self.env = dict(os.environ, SWEEPCTL_HOME=self.path, NO_COLOR="1")
        for name in ("SWEEPCTL_SERVER", "SWEEPCTL_TOKEN", "SWEEPCTL_RUN_ID", "XDG_RUNTIME_DIR"):
            self.env.pop(name, None)
        self.slots = slots

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.destroy()

    def copy_of_programs(self):
        """Where another user may execute them, whatever the rights of the build's directories."""
        self.programs = tempfile.mkdtemp(prefix="sweepctl-e2e-bin-")
        os.chmod(self.programs, 0o755)
        for name in ("sweepctl", "sweepctl-runner"):
            shutil.copy(os.path.join(os.path.dirname(self.binary), name), self.programs)
        return os.path.join(self.programs, "sweepctl")

    def lower_limits(self):
        for what, number in self.limits.items():
            resource.setrlimit(what, (number, number))

    def run(self, *arguments, check=True, timeout=60, **options):
        """One verb; its completed process."""
        if self.limits:
            options["preexec_fn"] = self.lower_limits
        done = subprocess.run([self.binary, *arguments], env=self.env, text=True, timeout=timeout,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **self.as_user, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"sweepctl {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def json(self, *arguments, **options):
        return json.loads(self.run(*arguments, "--json", **options).stdout)

    def serve(self):
        """Starts the controller in the background unless one is there."""
        extra = ["--slots", str(self.slots)] if self.slots is not None else []
        return self.run("serve", "--background", *extra, check=False)

    def launch(self, spec, *arguments):
        path = os.path.join(self.path, "spec.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(spec)
        done = self.run("launch", path, "--detach", *arguments)
        return done.stdout.strip().splitlines()[-1]

    def runs(self, sweep):
        return self.json("runs", sweep, "--limit", "100000")

    def show(self, sweep):
        return self.json("show", sweep)

    # --- processes of this home ---------------------------------------------------------------------

    def own(self, *words):
        """pids of this home's sweepctl processes whose command line begins with these words."""
        wanted = [word.encode() for word in words]
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            command = command_of(int(entry))
            if len(command) > len(wanted) and command[1:1 + len(wanted)] == wanted and self.path.encode() in command:
                found.append(int(entry))
        return found

    def controller(self):
        return self.own("serve")

    def agents(self):
        return self.own("agent")

    def runners(self):
        """pids of live runners: their environment is their program's.

        A runner leads its session; its child, which looks the same until it has become the program, does not.
        """
        needle = b"SWEEPCTL_HOME=" + self.path.encode() + b"\0"
        return [pid for pid in processes_with(needle) if command_of(pid)[:1] == [b"sweepctl-runner"] and leads_session(pid)]

    def leftovers(self):
        """Everything alive that a run of this home started and that still says so."""
        needle = b"SWEEPCTL_HOME=" + self.path.encode() + b"\0"
        return [pid for pid in processes_with(needle) if alive(pid) and not self.is_daemon(pid)]

    def is_daemon(self, pid):
        command = command_of(pid)
        return len(command) > 1 and command[1] in (b"serve", b"agent") or pid == os.getpid()

    def kill(self, pids, number=signal.SIGKILL):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def destroy(self):
        """Ends what this home started, by pid, and removes it."""
        self.kill(self.controller())
        self.kill(self.agents())
        self.kill(self.leftovers())
        wait_until(lambda: not self.controller() and not self.agents(), 10, "the daemons to end")
        shutil.rmtree(self.path, ignore_errors=True)
        if self.programs:
            shutil.rmtree(self.programs, ignore_errors=True)
