#!/usr/bin/python3
"""Reads the project's sources and names each place that breaks its style: tidy.py [ROOT]."""

import os
import sys

sys.dont_write_bytecode = True
import rules  # noqa: E402
from source_file import read_tree  # noqa: E402


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "..")
    files = read_tree(root, ["include", "src", "tests", "examples", ".ci"])
    if not any(file.is_cpp for file in files):
        print(f"error: no C++ sources below '{root}'", file=sys.stderr)
        return 1
    found = rules.check(files)
    for path, line, message in found:
        print(f"{path}:{line}: error: {message}", file=sys.stderr)
    print(f"{len(files)} files read, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
