"""The file that is compiled for AVX2 hands no instance of an inline function to the linker but its own Eigen's.

The linker takes one of several instances for all files; one with AVX2 ends the program on machines without it.

    instances_test.py NM LIBRARY
"""

import subprocess
import sys

MEMBER = "arithmetic_avx2.cpp.o"
HARMLESS = "DW.ref.__gxx_personality_v0"  # a pointer
WEAK = set("VvWwu")


def shared_instances(nm, library):
    listing = subprocess.run([nm, "-C", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    members = {}
    for block in listing.split("\n\n"):
        lines = block.strip().splitlines()
        if lines:
            members[lines[0].rstrip(":")] = [line.split(" ", 2)[1:] for line in lines[1:]]
    return [name for kind, name in members[MEMBER] if kind in WEAK]


def main():
    names = shared_instances(sys.argv[1], sys.argv[2])
    own = [name for name in names if "EigenAvx2::" in name]
    others = [name for name in names if name not in own and name != HARMLESS]
    if not own:
        sys.exit(f"no instance of Eigen in {MEMBER}: this test looks at the wrong file")
    if others:
        sys.exit("compiled for AVX2, and taken for all files by the linker:\n  " + "\n  ".join(others))


main()
