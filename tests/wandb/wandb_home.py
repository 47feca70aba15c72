"""A controller of the test's own, and the real W&B client turned to it."""

import concurrent.futures
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
sys.path.insert(0, os.path.join(HERE, "../e2e"))
from sweepctl_home import Home, alive, processes_with, wait_until  # noqa: E402, F401

# A client under test sends at once and gives up soon, by its own settings.
QUICK = {
    "WANDB__FILE_STREAM_TRANSMIT_INTERVAL": "0.3",
    "WANDB__FILE_STREAM_RETRY_WAIT_MIN_SECONDS": "0.2",
    "WANDB__FILE_STREAM_RETRY_WAIT_MAX_SECONDS": "1",
    "WANDB__FILE_TRANSFER_RETRY_WAIT_MIN_SECONDS": "0.2",
    "WANDB__FILE_TRANSFER_RETRY_WAIT_MAX_SECONDS": "1",
    "WANDB__GRAPHQL_RETRY_WAIT_MIN_SECONDS": "0.2",
    "WANDB__GRAPHQL_RETRY_WAIT_MAX_SECONDS": "1",
    "WANDB_ERROR_REPORTING": "false",
}


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: {got!r}, not {wanted!r}")


class WandbHome(Home):
    """`with WandbHome() as home:` a controller runs, `home.env` is for sweepctl, `home.client` for the client."""

    def __init__(self, slots=2, heartbeat_timeout=None):
        super().__init__(slots=slots)
        self.heartbeat_timeout = heartbeat_timeout
        self.work = os.path.join(self.path, "work")
        os.mkdir(self.work)
        self.url = self.key = ""
        self.client = {}
        self.command = "wandb"
        # A launch's environment reaches its runs. Where the server is and the key are the run's own.
        self.env.update(QUICK, WANDB_SILENT="true", HOME=self.work, NETRC=os.path.join(self.work, ".netrc"))

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.destroy()
            raise
        return self

    def start(self):
        self.serve()
        self.turn_clients(self.exports())

    def serve(self):
        extra = ["--slots", str(self.slots)]
        if self.heartbeat_timeout:
            extra += ["--heartbeat-timeout", self.heartbeat_timeout]
        return self.run("serve", "--background", *extra)

    def launch(self, spec, *arguments):
        path = self.program(f"launch{time.monotonic_ns()}.yaml", spec)
        return self.run("launch", path, "--detach", *arguments, cwd=self.work).stdout.strip().splitlines()[-1]

    def exports(self):
        """What `sweepctl wandb-env` tells a shell to export."""
        found = {}
        for line in self.run("wandb-env").stdout.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["export"]:
                for word in words[1:]:
                    name, _, value = word.partition("=")
                    found[name] = value
        return found

    def turn_clients(self, exports):
        self.url, self.key = exports["WANDB_BASE_URL"], exports["WANDB_API_KEY"]
        venv = os.path.dirname(sys.executable)
        self.command = os.path.join(venv, "wandb")
        self.client = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
        self.client.update(QUICK)
        self.client.update(exports)
        self.client.update(
            HOME=self.work,
            NETRC=os.path.join(self.work, ".netrc"),
            WANDB_DIR=self.work,
            WANDB_CACHE_DIR=os.path.join(self.work, "cache"),
            WANDB_DATA_DIR=os.path.join(self.work, "data"),
            WANDB_CONFIG_DIR=os.path.join(self.work, "config"),
            PATH=venv + os.pathsep + os.environ["PATH"],
            PYTHONUNBUFFERED="1",
            WANDB_TEST_HOME=self.path,
        )
        # The test itself reads with the same client.
        os.environ.update(
            {name: self.client[name] for name in self.client if name.startswith("WANDB_") or name in ("HOME", "NETRC")}
        )
        os.environ["WANDB_SILENT"] = "true"

    # --- the client, as a user starts it --------------------------------------------------------------

    def wandb(self, *arguments, check_code=0, timeout=120, env=None, cwd=None):
        """The `wandb` command; its completed process, its output in one text."""
        done = subprocess.run(
            [self.command, *arguments],
            env={**self.client, **(env or {})},
            cwd=cwd or self.work,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if check_code is not None and done.returncode != check_code:
            raise AssertionError(f"wandb {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}")
        return done

    def start_wandb(self, *arguments, env=None, cwd=None):
        return self.start_client([self.command, *arguments], env, cwd)

    def start_client(self, command, env=None, cwd=None):
        """In the background; what it prints goes to a file that `output_of` reads."""
        log = os.path.join(self.path, f"client-{time.monotonic_ns()}.log")
        with open(log, "wb") as file:
            process = subprocess.Popen(
                command,
                env={**self.client, **(env or {})},
                cwd=cwd or self.work,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process.log = log
        return process

    @staticmethod
    def output_of(process):
        with open(process.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def end_of(self, process, code, timeout, what):
        try:
            got = process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{what} did not end within {timeout} s:\n{self.output_of(process)}") from None
        if code is not None:
            check(got == code, f"{what}: exit {got}, not {code}\n{self.output_of(process)}")
        return got

    def program(self, name, text):
        path = os.path.join(self.work, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def script(self, text, *arguments, check_code=0, timeout=180, env=None):
        """A user's script, to its end."""
        path = self.program(f"script{time.monotonic_ns()}.py", text)
        done = subprocess.run(
            [sys.executable, path, *arguments],
            env={**self.client, "WANDB_SILENT": "true", **(env or {})},
            cwd=self.work,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if check_code is not None and done.returncode != check_code:
            raise AssertionError(f"script: exit {done.returncode}, not {check_code}\n{text}\n{done.stdout}")
        return done

    def start_script(self, text, *arguments, env=None):
        path = self.program(f"script{time.monotonic_ns()}.py", text)
        return self.start_client([sys.executable, path, *arguments], {"WANDB_SILENT": "true", **(env or {})})

    def sweep(self, project, config, *arguments):
        """`wandb sweep` of a configuration (YAML text); `entity/project/id`."""
        path = self.program(f"sweep{time.monotonic_ns()}.yaml", config)
        out = self.wandb("sweep", "--project", project, *arguments, path).stdout
        lines = [line for line in out.splitlines() if "wandb agent " in line]
        check(lines, f"no agent command in:\n{out}")
        return lines[-1].split()[-1]

    # --- what the client says ------------------------------------------------------------------------

    @staticmethod
    def api():
        import wandb

        return wandb.Api()

    def state_of(self, path):
        return self.api().run(path).state

    def wait_state(self, path, wanted, seconds):
        """Waits until the public API says this state of a run; fails when another end came first."""

        def there():
            try:
                state = self.state_of(path)
            except Exception as error:  # not there yet: a run exists from its first upsert on
                if "Could not find" not in str(error):
                    raise
                return False
            if state != wanted and state in ("finished", "failed", "crashed", "killed") and wanted in ("running", "pending"):
                raise AssertionError(f"{path} is {state}, not {wanted}")
            return state == wanted

        try:
            wait_until(there, seconds, f"{path} to be {wanted}")
        except AssertionError as error:
            raise AssertionError(f"{error} (it is {self.state_of(path)})") from None

    @property
    def entity(self):
        return self.api().default_entity

    # --- the wire, for what no client sends ------------------------------------------------------------

    def http(self, path, body=None, method=None, headers=None, key=None, timeout=60):
        """(status, body bytes) of one request; `body` is JSON unless it is bytes."""
        import base64

        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        key = self.key if key is None else key
        token = base64.b64encode(f"api:{key}".encode()).decode()
        request = urllib.request.Request(
            path if path.startswith("http") else self.url + path,
            data=body,
            method=method or ("POST" if body is not None else "GET"),
            headers={"Content-Type": "application/json", "Authorization": "Basic " + token, **(headers or {})},
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def graphql(self, query, variables=None, name="", **options):
        """(status, answer) of one document."""
        status, body = self.http("/graphql", {"query": query, "variables": variables, "operationName": name}, **options)
        return status, json.loads(body)

    def data(self, query, variables=None):
        status, answer = self.graphql(query, variables)
        check(status == 200 and not answer.get("errors"), f"{status} {answer}\n{query}")
        return answer["data"]

    # --- the end -----------------------------------------------------------------------------------------

    def clients(self):
        return [
            pid for pid in processes_with(b"WANDB_TEST_HOME=" + self.path.encode() + b"\0") if pid != os.getpid() and alive(pid)
        ]

    def destroy(self):
        if "wandb" in sys.modules:
            try:
                sys.modules["wandb"].teardown()
            except Exception:
                traceback.print_exc()
        self.kill(self.clients())
        super().destroy()


def run_scenarios(home, scenarios, parallel=3, deadline=480):
    """Runs functions of `home` side by side, since most of their time is waiting; fails when any did.

    A scenario works in a project of its own, so that they do not see each other.
    """
    names = {}
    begin = time.monotonic()

    def one(scenario):
        started = time.monotonic()
        names[threading.get_ident()] = scenario.__name__
        try:
            scenario(home)
        except BaseException:
            print(f"FAILED {scenario.__name__} after {time.monotonic() - started:.1f} s\n{traceback.format_exc()}", flush=True)
            return scenario.__name__
        finally:
            names.pop(threading.get_ident(), None)
        print(f"ok {scenario.__name__} {time.monotonic() - started:.1f} s", flush=True)
        return None

    def too_late(*_):
        print(f"FAILED: still at work after {deadline} s: {sorted(names.values())}", flush=True)
        home.kill(home.clients())
        home.kill(home.controller() + home.agents() + home.leftovers())
        os._exit(1)

    signal.signal(signal.SIGALRM, too_late)
    signal.alarm(deadline)
    wanted = os.environ.get("CLIENT_SCENARIO")
    scenarios = [scenario for scenario in scenarios if not wanted or wanted in scenario.__name__]
    with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
        failed = [name for name in pool.map(one, scenarios) if name]
    signal.alarm(0)
    print(f"{len(scenarios) - len(failed)} of {len(scenarios)} scenarios in {time.monotonic() - begin:.1f} s", flush=True)
    if failed:
        with (
            open(os.path.join(home.path, "controller.log"), encoding="utf-8", errors="replace")
            if os.path.exists(os.path.join(home.path, "controller.log"))
            else open(os.devnull, encoding="utf-8")
        ) as log:
            print("".join(log.readlines()[-60:]))
        raise SystemExit(f"failed: {', '.join(failed)}")
