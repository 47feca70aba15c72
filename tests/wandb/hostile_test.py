#!/usr/bin/env python3
"""Clients that are broken or mean, on the wire: each gets a clear word, and harms nobody. No client package is needed."""

import gzip
import json
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wandb_home import WandbHome, check, equal, run_scenarios  # noqa: E402

UPSERT = """mutation($name: String, $project: String, $entity: String, $config: JSONString, $host: String) {
  upsertBucket(input: {name: $name, modelName: $project, entityName: $entity, config: $config, host: $host}) {
    bucket { id name project { name entity { name } } historyLineCount } inserted } }"""
CONFIG = '{"_wandb": {"value": {"t": {"1": [1]}}}, "lr": {"value": 0.1}}'


def new_run(home, project, name):
    """A run as a live client makes it; the path of its file stream."""
    bucket = home.data(UPSERT, {"name": name, "project": project, "config": CONFIG, "host": "h"})["upsertBucket"]["bucket"]
    return f"/files/{bucket['project']['entity']['name']}/{bucket['project']['name']}/{bucket['name']}/file_stream"


def history(offset, rows):
    return {
        "files": {
            "wandb-history.jsonl": {"offset": offset, "content": [row if isinstance(row, str) else json.dumps(row) for row in rows]}
        }
    }


def rows_of(home, project, name):
    data = home.data(
        "query($n: String!, $p: String) { project(name: $p) { run(name: $n) { state history(samples: 100000) historyLineCount summaryMetrics } } }",
        {"n": name, "p": project},
    )
    return data["project"]["run"]


def alive(home):
    equal(home.data("{ viewer { username } }")["viewer"] is not None, True, "the viewer, afterwards")


def documents(home):
    refused = {
        "nothing": "",
        "no document": "hello",
        "unclosed": "{ viewer { id ",
        "unknown field": "{ viewer { nosuch } }",
        "unknown type": "query($x: Nope) { viewer { id } }",
        "mutation unknown": "mutation { dropEverything(input: {}) { ok } }",
        "deep": "{ a" * 10_000 + "}" * 10_000,
        "deep brackets": "{ viewer(x: " + "[" * 100_000 + "]" * 100_000 + ") { id } }",
        "aliases": "{ " + " ".join(f"a{i}: viewer {{ id }}" for i in range(10_000)) + " }",
        "fragment circle": "{ viewer { ...A } } fragment A on User { ...B } fragment B on User { ...A }",
        "fragment bomb": "{ viewer { ...F0 } } "
        + " ".join(f"fragment F{i} on User {{ a: id ...F{i + 1} ...F{i + 1} }}" for i in range(40))
        + " fragment F40 on User { id }",
        "two operations": "query A { viewer { id } } query B { viewer { id } }",
        "subscription": "subscription { x }",
        "introspection": "{ __schema { types { name } } }",
        "half a character": '{ project(name: "\\ud800") { id } }',
        "nul": "{ viewer { id\x00 } }",
    }
    for name, text in refused.items():
        status, answer = home.graphql(text)
        if name in ("introspection", "half a character", "fragment bomb"):  # Answered at once, or refused.
            check(status < 500, f"{name}: {status}")
            continue
        check(
            status in (200, 400, 413) and answer.get("errors") and answer["errors"][0]["message"] and not answer.get("data"),
            f"{name}: {status} {str(answer)[:300]}",
        )
    status, answer = home.graphql("{ viewer { nosuch } }")
    check('Cannot query field "nosuch" on type "User"' in answer["errors"][0]["message"], f"the wording: {answer}")
    status, answer = home.graphql(
        'mutation { createRunFiles(input: {entityName: "e", projectName: "nosuch", runName: "r", files: ["a"]}) { runID } }'
    )
    check(answer.get("errors") and not (answer.get("data") or {}).get("createRunFiles"), f"files of no run: {answer}")


def variables(home):
    query = "query($first: Int, $name: String!) { project(name: $name) { runs(first: $first) { edges { cursor } } } }"
    for given in (
        {"name": 5},
        {"name": None},
        {},
        {"name": "x", "first": "many"},
        {"name": "x", "first": 1e99},
        {"name": ["x", "y"]},
        {"name": {"a": 1}},
    ):
        status, answer = home.graphql(query, given)
        check(status in (200, 400) and answer.get("errors"), f"{given}: {status} {answer}")
    for first in (-1, 0, 2**31 - 1):
        status, answer = home.graphql(query, {"name": "hostile", "first": first})
        check(status in (200, 400), f"first {first}: {status}")
    for body in (
        b"",
        b"[]",
        b"null",
        b"5",
        b'"x"',
        b"{",
        b"{}",
        b'{"query": 5}',
        b'{"query": "{viewer{id}}", "variables": 5}',
        b"\xff\xfe",
        b"[" * 100_000,
    ):
        status, _ = home.http("/graphql", body)
        check(400 <= status < 500, f"{body[:30]}: {status}")
    status, answer = home.graphql("{ viewer { id } }", {"undeclared": 1})
    check(status == 200 and not answer.get("errors"), f"an undeclared variable: {answer}")
    status, answer = home.graphql("query New($x: Int) { __typename me: viewer { __typename id } }", name="New")
    equal((status, answer.get("data", {}).get("me", {}).get("__typename")), (200, "User"), "a document no client has sent yet")
    # What a newer client's self test sends: ten megabytes in a variable.
    status, answer = home.graphql("query($d: String!) { viewer { id } }", {"d": "a" * 10_000_000}, timeout=60)
    check(status in (200, 413), f"ten megabytes: {status}")
    try:
        status, _ = home.http("/graphql", b'{"query": "' + b"#" * 100_000_000 + b'"}', timeout=60)
        equal(status, 413, "a hundred megabytes")
    except (ConnectionError, OSError):
        pass  # Closed while it was still being sent: as good.


def streams(home):
    """Repeats, offsets that go back or jump, garbage lines, NaN: what was accepted stays right."""
    stream = new_run(home, "streams", "s1")
    post = lambda body: home.http(stream, body)  # noqa: E731
    for _ in range(3):
        equal(post(history(0, [{"_step": 0, "x": 0}, {"_step": 1, "x": 1}]))[0], 200, "a POST and its repeats")
    post(history(1, [{"_step": 1, "x": 1}, {"_step": 2, "x": 2}]))
    post(history(2, [{"_step": 2, "x": 2}]))
    post(history(3, ['{"_step": 3, "x": NaN, "y": Infinity, "z": -Infinity}']))
    run = rows_of(home, "streams", "s1")
    equal([json.loads(row)["_step"] for row in run["history"]], [0, 1, 2, 3], "after repeats and offsets that go back")
    equal(run["historyLineCount"], 4, "historyLineCount")
    status, answer = home.http(
        stream,
        {
            "files": {
                "wandb-history.jsonl": {
                    "offset": 4,
                    "content": ["{", "nope", "[]", "5", '{"_step": "x"}', '{"a": ' * 1000, '{"_step": 9, "ok": 1}'],
                }
            }
        },
    )
    equal(status, 200, f"garbage lines: {answer}")
    equal(post(history(1000, [{"_step": 11, "x": 5}]))[0], 200, "an offset beyond the end")
    equal(rows_of(home, "streams", "s1")["state"], "running", "the run goes on")
    for body in (
        b"",
        b"[]",
        b"nope",
        b'{"files": 5}',
        b'{"files": {"wandb-history.jsonl": {"offset": -1, "content": ["{}"]}}}',
        b'{"files": {"wandb-history.jsonl": {"offset": 1e30, "content": [5]}}}',
        b'{"files": {"wandb-history.jsonl": {"content": "x"}}}',
        b'{"files": {"../../evil": {"offset": 0, "content": ["x"]}}}',
        b'{"complete": "yes"}',
        b'{"exitcode": 0}',
        b'{"uploaded": [5, "../x"]}',
        b"{" * 50_000,
    ):
        status, answer = home.http(stream, body)
        check(status < 500, f"{body[:60]}: {status} {answer[:200]}")
    equal(rows_of(home, "streams", "s1")["state"], "running", "after broken posts")
    equal(home.http(stream, {"complete": True, "exitcode": 0})[0], 200, "complete")
    equal(rows_of(home, "streams", "s1")["state"], "finished", "finished")
    post({})
    post(history(12, [{"_step": 12}]))
    equal(rows_of(home, "streams", "s1")["state"], "finished", "late data wakes nobody")
    status, _ = home.http(stream, {}, key="z" * 40)
    equal(status, 401, "a stream with a wrong key")
    status, _ = home.http("/files/nobody/nosuch/nosuch/file_stream", {})
    check(400 <= status < 500, f"a stream of no run: {status}")


def zipped(home):
    stream = new_run(home, "zipped", "z1")
    headers = {"Content-Encoding": "gzip"}
    equal(
        home.http(stream, gzip.compress(json.dumps(history(0, [{"_step": 0, "x": 1}])).encode()), headers=headers)[0], 200, "gzip"
    )
    bomb = gzip.compress(b"[" + b" " * 300_000_000 + b"]")
    begin = time.monotonic()
    status, answer = home.http(stream, bomb, headers=headers, timeout=60)
    check(400 <= status < 500 and time.monotonic() - begin < 20, f"a bomb of {len(bomb)} bytes: {status} {answer[:200]}")
    for broken in (b"no gzip", gzip.compress(b"{}")[:-4], b"\x1f\x8b" + b"\x00" * 100, gzip.compress(b"nope")):
        status, _ = home.http(stream, broken, headers=headers)
        check(400 <= status < 500, f"{broken[:10]}: {status}")
    equal(len(rows_of(home, "zipped", "z1")["history"]), 1, "lines")


def uploads(home):
    """File names that climb, uploads that are too big, forged URLs."""
    new_run(home, "uploads", "u1")
    ask = 'mutation($e: String!, $f: [String!]!) { createRunFiles(input: {entityName: $e, projectName: "uploads", runName: "u1", files: $f}) { runID files { name uploadUrl } } }'
    entity = home.data("{ viewer { entity } }")["viewer"]["entity"]
    outside = os.path.join(home.path, "evil")
    names = [
        "../evil",
        "a/../../../evil",
        "/etc/evil",
        "..",
        ".",
        "",
        "a//b",
        "a\x00b",
        "x" * 5000,
        "C:\\evil",
        "%2e%2e/evil",
        "a/./b",
        "\ud83d".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    ]
    for name in names:
        status, answer = home.graphql(ask, {"e": entity, "f": [name]})
        if answer.get("errors"):
            continue
        url = answer["data"]["createRunFiles"]["files"][0]["uploadUrl"]
        if url:
            home.http(url, b"evil", method="PUT")
    for folder, _, files in os.walk("/etc"):
        check("evil" not in files, f"{folder}/evil was written")
    check(not os.path.exists(outside), "a file was written beside the runs")
    for folder, _, found in os.walk(home.path):
        for name in found:
            check(name != "evil" or "/files" in folder, f"{folder}/{name}")
    good = home.data(ask, {"e": entity, "f": ["dir/a b%41.txt"]})["createRunFiles"]["files"][0]
    equal(
        home.http(good["uploadUrl"], b"good", method="PUT", headers={"Authorization": ""})[0] // 100,
        2,
        "an upload without a key: its URL is signed",
    )
    forged = good["uploadUrl"][:-3] + ("abc" if not good["uploadUrl"].endswith("abc") else "xyz")
    check(400 <= home.http(forged, b"bad", method="PUT", headers={"Authorization": ""})[0] < 500, "a forged URL")
    for path in (
        "/files/../../etc/passwd",
        f"/files/{entity}/uploads/u1/../../../../../../etc/passwd",
        f"/files/{entity}/uploads/u1/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    ):
        status, body = home.http(path)
        check(status >= 400 and b"root:" not in body, f"{path}: {status}")
    too_big = home.data(ask, {"e": entity, "f": ["big"]})["createRunFiles"]["files"][0]["uploadUrl"]
    host, port = home.url.split("//")[1].split(":")
    with socket.create_connection((host, int(port)), 20) as client:
        path = too_big.split(f":{port}", 1)[1]
        client.sendall(f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999999999\r\n\r\n".encode())
        client.settimeout(20)
        reply = client.recv(100)
        check(reply.startswith(b"HTTP/1.1 413") or reply.startswith(b"HTTP/1.1 400"), f"an endless upload: {reply}")


def telemetry_and_methods(home):
    for path in ("/sdk/otel/v1/metrics", "/sdk/otel/v1/logs"):
        for headers in ({}, {"Authorization": ""}):
            status, _ = home.http(path, b"", method="POST", headers=headers)
            check(status in (404, 405), f"{path}: {status}")
    for key in ("", "short", "z" * 40):
        status, answer = home.graphql("{ viewer { id } }", key=key)
        check(status == 401 and answer.get("errors"), f"key '{key}': {status} {answer}")
    check(home.http("/graphql", method="GET")[0] in (400, 404, 405), "GET /graphql")


def half_bodies(home):
    """Bodies that never end: the connection is dropped some day, and others are served meanwhile."""
    host, port = home.url.split("//")[1].split(":")
    import base64

    token = base64.b64encode(f"api:{home.key}".encode()).decode()
    hanging = []
    for _ in range(50):
        client = socket.create_connection((host, int(port)), 10)
        client.sendall(
            f'POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {token}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{{"query": "'.encode()
        )
        hanging.append(client)
    begin = time.monotonic()
    alive(home)
    check(time.monotonic() - begin < 5, "others wait for bodies that never end")
    for client in hanging:
        client.close()
    alive(home)


def storm(home):
    """Many documents at once from many sides, with a listing that stays right."""
    new_run(home, "storm", "s")
    problems = []

    def worker():
        for _ in range(50):
            status, answer = home.graphql(
                '{ project(name: "storm") { runCount runs(first: 5) { edges { node { name state } cursor } pageInfo { hasNextPage endCursor } } } }'
            )
            if status != 200 or answer["data"]["project"]["runCount"] != 1:
                problems.append((status, answer))

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    check(not problems, f"{problems[:3]}")


def main():
    with WandbHome() as home:
        run_scenarios(
            home,
            [documents, variables, streams, zipped, uploads, telemetry_and_methods, half_bodies, storm],
            parallel=2,
            deadline=300,
        )
        alive(home)
        fsck = home.run("fsck", check=False)
        check(fsck.returncode == 0, f"fsck: {fsck.stdout}{fsck.stderr}")


if __name__ == "__main__":
    main()
