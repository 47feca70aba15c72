"""The project's style where a machine can see it. Each rule yields (path, line, message)."""

import fnmatch
import re

import co_await_rule

# Who may include whom; base may be included by all. More arrows, and more places for a third party,
# come from lines in src/decisions/*.md:
#     Allows: agent -> spec
#     Allows: <nlohmann/> in src/agent/
ARROWS = {
    "base": set(),
    "core": set(),
    "search": {"core"},
    "spec": {"core"},
    "store": {"core"},
    "wire": {"core"},
    "aio": set(),
    "agent": {"wire", "core", "aio"},
    "controller": {"core", "search", "spec", "store", "aio"},
    "api": {"wire", "controller", "core", "aio"},
    "cli": {"wire", "spec"},
    "app": {"cli", "api", "controller", "agent", "store", "aio"},
    "runner": set(),
}

# The first fitting prefix counts. A place is a file, or a folder when it ends with a slash.
SHELL = ["src/aio/", "src/agent/", "src/api/", "src/app/", "src/controller/", "src/wire/"]
THIRD_PARTIES = [
    ("yaml-cpp/", ["src/spec/yaml_document.cpp"]),
    ("sqlite3.h", ["src/store/"]),
    ("nlohmann/", ["src/wire/", "src/api/", "src/cli/", "src/store/"]),
    ("boost/beast", ["src/api/http*", "src/wire/", "src/aio/*_impl.cpp"]),
    ("boost/process", ["src/controller/"]),
    ("boost/", SHELL),
    ("spdlog/", ["src/base/log.cpp"]),
    ("fmt/", ["src/base/log.cpp"]),
    ("CLI/", ["src/cli/"]),
    ("Eigen/", ["src/search/"]),
    ("catch2/", []),
]

# core decides; what happens in the world is told to it and done by others.
CORE_MUST_NOT_INCLUDE = {
    "iostream", "fstream", "ostream", "istream", "cstdio", "filesystem", "thread", "mutex",
    "condition_variable", "future", "random", "ctime",
}  # fmt: skip

LINES_MAX = 700
LENGTH_ENDINGS = (".cpp", ".hpp", ".c", ".h", ".py", ".sh", ".sql", ".ts", ".tsx", ".js", ".css")
# Put together from halves, so that this file does not find itself.
LEFTOVER_WORDS = re.compile(r"\b(?:" + "|".join(["TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"]) + r")\b")
SLEEPS = re.compile(r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\s*\(")


class Allowances:
    """What the decision records allow beyond the tables above."""

    def __init__(self, files=()):
        self.arrows, self.places = set(), []
        for file in files:
            if not (file.path.startswith("src/decisions/") and file.path.endswith(".md")):
                continue
            for source, target in re.findall(r"^Allows: (\w+) -> (\w+)\s*$", file.text, re.M):
                self.arrows.add((source, target))
            for prefix, place in re.findall(r"^Allows: <([^>\n]+)> in (\S+)\s*$", file.text, re.M):
                self.places.append((prefix, place))


def _stands_in(path, place):
    return path.startswith(place) if place.endswith("/") else fnmatch.fnmatchcase(path, place)


def include_direction(file, allowances):
    layer = file.layer()
    if not file.is_cpp or layer is None:
        return
    for line, name, quoted in file.includes():
        if not quoted:
            continue
        public = name.startswith("sweepctl/")
        match = re.match(r"(?:sweepctl/)?([a-z_]+)/", name)
        target = match.group(1) if match else layer
        if target not in ARROWS or target == layer:
            continue
        if not public:
            yield file.path, line, (
                f'"{name}" is a private header of {target}: what crosses a layer lies in '
                f"include/sweepctl/{target}"
            )
        if target == "base" and layer != "runner":
            continue
        if target not in ARROWS.get(layer, set()) and (layer, target) not in allowances.arrows:
            known = ", ".join(sorted(ARROWS.get(layer, set()) | {"base"}))
            yield file.path, line, (
                f"{layer} must not include {target} ({layer} may include: {known}); a decision "
                f"record can allow it with the line 'Allows: {layer} -> {target}'"
            )


def third_parties(file, allowances):
    if not file.is_cpp or not file.path.startswith(("src/", "include/")):
        return
    for line, name, _ in file.includes():
        rule = next((rule for rule in THIRD_PARTIES if name.startswith(rule[0])), None)
        if rule is None:
            continue
        if file.path.startswith("include/"):
            yield file.path, line, f"<{name}> in a public header: headers stay light, include it in a .cpp"
            continue
        places = rule[1] + [place for prefix, place in allowances.places if name.startswith(prefix)]
        if not any(_stands_in(file.path, place) for place in places):
            where = ", ".join(places) or "the tests"
            yield file.path, line, f"<{name}> belongs in {where} only"


def one_process_launcher(files):
    """Boost.Process starts the agent, in one place."""
    users = [
        (file.path, line)
        for file in files
        for line, name, _ in file.includes()
        if file.path.startswith("src/") and name.startswith("boost/process")
    ]
    first = users[0][0] if users else None
    for path, line in users:
        if path != first:
            yield path, line, f"<boost/process> is included in '{first}' already, and belongs in one file"


def _switches_over_an_enum(code, offset):
    """Whether the switch around the offset has names for its cases; characters and numbers may."""
    depth = 0
    for index in range(offset - 1, -1, -1):
        if code[index] == "}":
            depth += 1
        elif code[index] == "{":
            if depth == 0 and re.search(r"\bswitch\s*\(.*\)\s*$", code[max(0, index - 400) : index], re.S):
                label = re.search(r"\bcase\s+(\S)", code[index:])
                return label is None or label.group(1).isalpha()
            depth = max(0, depth - 1)
    return True


def core_is_pure(file):
    layer = file.layer()
    if not file.is_cpp:
        return
    if layer == "core":
        for line, name, quoted in file.includes():
            if not quoted and (name in CORE_MUST_NOT_INCLUDE or name.endswith(".h")):
                yield file.path, line, f"<{name}> in core: it does no I/O, has no clock and no threads"
        for match in re.finditer(r"\bdefault\s*:(?!:)", file.code):
            if _switches_over_an_enum(file.code, match.start()):
                yield file.path, file.line_at(match.start()), (
                    "'default:' in core: name every case, so that the compiler sees a missing one"
                )
    if layer in ("core", "spec", "search"):
        for match in re.finditer(r"::now\s*\(", file.code):
            yield file.path, file.line_at(match.start()), f"{layer} is told the time, it does not ask a clock"


def no_leftovers(file):
    for match in LEFTOVER_WORDS.finditer(file.text):
        yield file.path, file.line_at(match.start()), f"'{match.group()}' left in: do it, or file it as an issue"


def no_sleep(file):
    if file.is_cpp and file.path.startswith(("src/", "tests/")):
        for match in SLEEPS.finditer(file.code):
            yield file.path, file.line_at(match.start()), "sleeping: wait for an event with a deadline"


def length(file):
    lines = file.text.count("\n")
    if file.path.endswith(LENGTH_ENDINGS) and lines > LINES_MAX:
        yield file.path, LINES_MAX + 1, f"{lines} lines, more than {LINES_MAX}: it has more than one subject"


def headers(file):
    if file.path.startswith(("include/", "src/")) and file.path.endswith(".hpp"):
        if "#pragma once" not in file.code:
            yield file.path, 1, "'#pragma once' is missing"


def coroutines_and_threads(file):
    if not file.is_cpp or not file.path.startswith(("src/", "include/")):
        return
    for match in re.finditer(r"\basio::detached\b", file.code):
        yield file.path, file.line_at(match.start()), "asio::detached loses exceptions and owners"
    for match in re.finditer(r"\bcatch\s*\(\s*\.\.\.\s*\)\s*\{\s*\}", file.code):
        yield file.path, file.line_at(match.start()), "an exception is swallowed: say what happened, or let it pass"
    if file.layer() in ("core", "controller", "api"):
        for match in re.finditer(r"\bstd::\w*mutex\b", file.code):
            yield file.path, file.line_at(match.start()), f"a mutex in {file.layer()}: state has one owner and one thread"


def co_await(file):
    if file.is_cpp:
        for offset, message in co_await_rule.findings(file):
            yield file.path, file.line_at(offset), message


def check(files):
    """All findings, by file and line."""
    allowances = Allowances(files)
    found = list(one_process_launcher(files))
    for file in files:
        found += include_direction(file, allowances)
        found += third_parties(file, allowances)
        for rule in (core_is_pure, no_leftovers, no_sleep, length, headers, coroutines_and_threads, co_await):
            found += rule(file)
    return sorted(set(found))
