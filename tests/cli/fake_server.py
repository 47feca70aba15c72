"""A controller of canned answers.

A JSON file holds a list of answers: {"request": "GET /api/v1/sweeps", "status": 200, "body": {...}}, where
`request` may go without its query. Instead of `body` there may be `text` (bytes as they are), or `events`
(a stream of server-sent events; it then ends, or with "open": true stays open until the server closes).
`headers` are added. Several answers to the same request come one after the other, the last again and again.
"""

import http.server
import json
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("utf-8")
        path = self.path.split("?")[0]
        # Looking whether anybody is there is not what a case is about.
        if path == "/api/v1/health":
            return self.send({"status": 200, "body": {"status": "ok"}})
        line = f"{self.command} {self.path}"
        if self.headers.get("Last-Event-ID"):
            line += f" Last-Event-ID={self.headers['Last-Event-ID']}"
        if self.headers.get("Authorization") != "Bearer secret":
            line += " without the token"
        reply = self.server.owner.take(f"{self.command} {self.path}", f"{self.command} {path}")
        # When a stream begins among the other requests is a matter of luck.
        if not reply.get("open"):
            self.server.owner.requests.append(line + (" " + body if body else ""))
        self.send(reply)

    do_GET = do_POST = do_DELETE = answer

    def send(self, reply):
        self.send_response(reply.get("status", 200))
        for name, value in reply.get("headers", {}).items():
            self.send_header(name, value)
        if "events" in reply:
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            for event in reply["events"]:
                self.wfile.write(f"id: {event['id']}\ndata: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()
            if reply.get("open"):
                self.server.owner.closing.wait()
            return
        payload = (reply["text"] if "text" in reply else json.dumps(reply.get("body", {}))).encode()
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Who asks may leave before the answer is out."""


class FakeServer:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.answers = json.load(file)
        self.requests = []
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.owner = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def take(self, *lines):
        with self.lock:
            for line in lines:
                fitting = [answer for answer in self.answers if answer["request"] == line]
                if len(fitting) > 1:
                    self.answers.remove(fitting[0])
                if fitting:
                    return fitting[0]
        detail = f"there is nothing for '{lines[0]}'"
        return {"status": 404, "body": {"title": "Not Found", "status": 404, "detail": detail}}

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
