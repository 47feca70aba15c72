#!/bin/bash
# From a fresh Debian 12 to a finished sweep of real trainings: installs the packages, builds,
# trains twelve small neural networks on handwritten digits, and shows how they did.
# Run it again whenever you like: what is done already is not done twice.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$root/build/bin
say() { printf '\n== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

if [[ $(uname -sm) != "Linux x86_64" && $(uname -sm) != "Linux aarch64" ]]; then
    fail "this is '$(uname -sm)', sweepctl runs on Linux"
fi

say "packages"
"$root/tests/install_packages.sh" build run || fail "the packages could not be installed"
echo "all there"

say "build (a few minutes the first time)"
if [[ ! -f $root/build/build.ninja ]]; then
    cmake -S "$root" -B "$root/build" -G Ninja -DCMAKE_BUILD_TYPE=Release >"$root/build.log" 2>&1 ||
        { cat "$root/build.log" >&2; fail "cmake could not configure the build"; }
    rm -f "$root/build.log"
fi
cmake --build "$root/build" --parallel "$(nproc)" --target sweepctl sweepctl-runner ||
    fail "the build failed"
export PATH=$bin:$PATH
sweepctl --version

say "sweep: twelve trainings on handwritten digits"
cd "$root/examples/digits"
# Attached: shows the runs while they go. Ctrl-C would only detach; the sweep goes on.
output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0
sweepctl launch sweep-random.yaml | tee "$output" || status=$?
sweep=$(tail -n 1 "$output")
[[ -n $sweep ]] || fail "the sweep was not launched"

say "its runs, the best first"
sweepctl runs "$sweep" --sort -val_accuracy

say "the best run, by its best epoch (the list shows the last one)"
best=$(sweepctl show "$sweep" --json |
    /usr/bin/python3 -c 'import json, sys; print((json.load(sys.stdin)["best"] or {}).get("run") or "")')
[[ -n $best ]] || fail "no run of sweep '$sweep' has a val_accuracy"
sweepctl run "$best"
(( status == 0 )) || fail "the sweep ended, but not all of its runs finished (exit code $status)"

say "next"
cat <<END
  export PATH=$bin:\$PATH
  cd $root/examples/digits
  sweepctl logs $best                                # what the best run printed
  sweepctl launch sweep-grid.yaml --detach           # the next sweep, in the background
  sweepctl ls                                        # all sweeps; then pause, resume, stop, cancel
  sweepctl plan sweep-grid.yaml                      # what would run, without running it
  sweepctl shutdown                                  # ends the controller; runs go on
END
