"""Requests of a real client, kept as JSON lines: recorded through a proxy, and sent again without any client.

A line: {"method", "path", "key": bool, "body" or "text", "status", "answer"}. `record.py` makes them, `replay_test.py` sends them.
"""

import http.server
import json
import sys
import threading
import urllib.error
import urllib.request

SERVER = "http://SERVER"  # how the server's address is written in a recording


def _json(data):
    try:
        return json.loads(data)
    except ValueError:
        return None


class Recorder:
    """A proxy before `server` (a URL) that keeps what goes through it. `scrub` pairs are replaced in all texts."""

    def __init__(self, server, scrub=()):
        self.server = server
        self.scrub = scrub
        self.lines = []
        self._lock = threading.Lock()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer, kind = recorder.forward(self.command, self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = handle_any

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                if not isinstance(sys.exc_info()[1], ConnectionError):  # Clients leave as they like.
                    super().handle_error(request, client_address)

        self._httpd = Server(("127.0.0.1", 0), Handler)
        self._httpd.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._httpd.server_address[1]}"
        self._thread = threading.Thread(target=self._httpd.serve_forever, daemon=True)
        self._thread.start()

    def forward(self, method, path, headers, body):
        request = urllib.request.Request(self.server + path, data=body or None, method=method)
        for name in ("Authorization", "Content-Type", "Content-Encoding"):
            if headers.get(name):
                request.add_header(name, headers[name])
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                status, answer, kind = response.status, response.read(), response.headers.get("Content-Type", "")
        except urllib.error.HTTPError as error:
            status, answer, kind = error.code, error.read(), error.headers.get("Content-Type", "")
        if "json" in kind:
            # What the server says of itself leads back through the proxy.
            answer = answer.replace(self.server.encode(), self.url.encode())
        self.keep(method, path, headers, body, status, answer, kind)
        return status, answer, kind

    def keep(self, method, path, headers, body, status, answer, kind):
        line = {"method": method, "path": path, "key": "Authorization" in headers}
        parsed = _json(body) if body else None
        line.update({"body": parsed} if parsed is not None and method == "POST" else {"text": body.decode("utf-8", "replace")})
        line["status"] = status
        if "json" in kind:
            line["answer"] = _json(answer)
        text = json.dumps(line).replace(self.url, SERVER)
        for old, new in self.scrub:
            text = text.replace(old, new)
        with self._lock:
            self.lines.append(text)

    def close(self, path):
        self._httpd.shutdown()
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in self.lines)


class Replay:
    """Sends a recording to `home`'s controller. Names that the server makes are learned from its answers."""

    # Fields whose values a server chooses, or time does.
    CHOSEN = {
        "id",
        "name",
        "runID",
        "uploadUrl",
        "url",
        "directUrl",
        "run_id",
        "cursor",
        "endCursor",
        "displayName",
        "createdAt",
        "updatedAt",
        "heartbeatAt",
        "internalId",
        "projectId",
        "md5",
        "timestamp",
        "mimetype",
        "sweepName",
        "username",
        "entity",
        "email",
        "flags",
        "description",
    }

    def __init__(self, home):
        self.home = home
        self.names = {SERVER: home.url}
        self.problems = []

    def known(self, value):
        """A recorded value, with today's names in it."""
        if isinstance(value, dict):
            return {key: self.known(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.known(each) for each in value]
        if isinstance(value, str):
            if value in self.names:
                return self.names[value]
            for old in sorted(self.names, key=len, reverse=True):
                if len(old) >= 6 and old in value:
                    value = value.replace(old, self.names[old])
            # A short name is one only where it is all that stands between two slashes.
            return "/".join(self.names.get(part, part) for part in value.split("/"))
        return value

    def learn(self, then, now, key, where):
        if isinstance(then, dict) and isinstance(now, dict):
            missing = sorted(set(then) - set(now))
            if missing:
                self.problems.append(f"{where}: no {missing}")
            for each in then:
                if each in now:
                    self.learn(then[each], now[each], each, f"{where}.{each}")
        elif isinstance(then, list) and isinstance(now, list):
            if len(then) != len(now) and key not in ("features", "runs", "teams"):
                self.problems.append(f"{where}: {len(now)} of them, not {len(then)}")
            for index, (a, b) in enumerate(zip(then, now)):
                self.learn(a, b, key, f"{where}[{index}]")
        elif key == "commands" and isinstance(then, str) and isinstance(now, str):
            self.learn(json.loads(then), json.loads(now), "command", where)
        elif key in self.CHOSEN:
            if isinstance(then, str) and isinstance(now, str) and then != now:
                self.names[then] = now
            elif type(then) is not type(now) and not (then is None or now is None):
                self.problems.append(f"{where}: {now!r}, not like {then!r}")
        elif self.known(then) != now and not self.alike(self.known(then), now):
            self.problems.append(f"{where}: {str(now)[:200]!r}, not {str(self.known(then))[:200]!r}")

    @staticmethod
    def alike(then, now):
        """Texts of the same JSON value: the order of keys may differ, and the client's times do."""
        if isinstance(then, str) and isinstance(now, str):
            a, b = _json(then), _json(now)
            return a is not None and a == b
        return isinstance(then, (int, float)) and isinstance(now, (int, float)) and then == now

    def send(self, line):
        path = self.known(SERVER + line["path"])
        body = json.dumps(self.known(line["body"])).encode() if "body" in line else line["text"].encode()
        status, answer = self.home.http(
            path,
            body if body or line["method"] != "GET" else None,
            method=line["method"],
            headers={} if line["key"] else {"Authorization": ""},
        )
        query = (line.get("body") or {}).get("query", "") if isinstance(line.get("body"), dict) else ""
        what = " ".join(query.split())[:60] or f"{line['method']} {line['path'][:60]}"
        if status != line["status"]:
            self.problems.append(f"{what}: {status} {answer[:300]}, not {line['status']}")
        if "answer" in line and status < 400:
            self.learn(line["answer"], _json(answer), "", what)
