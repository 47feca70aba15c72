"""A source file, also with its comments and literals blanked out, so that rules see only code."""

import os
import re

CPP_ENDINGS = (".cpp", ".hpp", ".c", ".h")

_TOKEN = re.compile(
    r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
  | (?P<raw> R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)" )
  | (?P<text> "(?:[^"\\\n]|\\.)*" )
  | (?P<char> (?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:[^'\\\n]|\\.)+' )
    """,
    re.VERBOSE | re.DOTALL,
)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def _code_of(text):
    """The same length and lines, with comments blank and literals kept as their quotes alone."""

    def replace(match):
        token = match.group()
        if match.lastgroup == "comment" or token.startswith("/"):
            return _blank(token)
        return token[0] + _blank(token[1:-1]) + token[-1]

    # The names of #include lines are wanted: they are read from the raw text instead.
    return _TOKEN.sub(replace, text)


class SourceFile:
    def __init__(self, path, text):
        """`path` is relative to the project, with forward slashes."""
        self.path = path
        self.text = text
        self.is_cpp = path.endswith(CPP_ENDINGS)
        self.code = _code_of(text) if self.is_cpp else text

    def line_at(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def layer(self):
        """'core' for src/core/... and include/sweepctl/core/...; None elsewhere."""
        match = re.match(r"(?:src|include/sweepctl)/([a-z_]+)/", self.path)
        return match.group(1) if match else None

    def includes(self):
        """(line, name, quoted) of each #include."""
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', self.text, re.M):
            yield self.line_at(match.start()), match.group(2), match.group(1) == '"'


def read_tree(root, folders):
    """All text files below the folders, in a fixed order."""
    files = []
    for folder in folders:
        for directory, names, entries in os.walk(os.path.join(root, folder)):
            names[:] = sorted(
                name for name in names if name not in ("__pycache__", "node_modules", "corpus")
            )
            for entry in sorted(entries):
                path = os.path.join(directory, entry)
                with open(path, "rb") as file:
                    content = file.read()
                if b"\0" in content or entry.endswith((".gz", ".csv", ".db")):
                    continue
                relative = os.path.relpath(path, root).replace(os.sep, "/")
                files.append(SourceFile(relative, content.decode("utf-8", "replace")))
    return files
