#!/usr/bin/env bash
# Builds what the benchmark needs in the given build directory, and runs it. Arguments after that: see bench.py.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-$here/../../build}
shift || true
cmake --build "$build" --target sweepctl sweepctl-runner bench_tool bench_compute reads_bench stream_bench >&2
export SWEEPCTL_BIN=$build/bin/sweepctl
export BENCH_TOOL=$build/tests/bench/bench_tool BENCH_COMPUTE=$build/tests/bench/bench_compute
export READS_BENCH=$build/tests/bench/reads_bench STREAM_BENCH=$build/tests/bench/stream_bench
exec python3 "$here/bench.py" "$@"
