#!/usr/bin/env bash
# What early stopping costs and saves: builds early_stop_bench in the given build directory, has 10,000 runs of
# 100 values judged, and plays 512 real trainings (examples/replay) under each rule. Prints Markdown.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-$here/../../build}
cmake --build "$build" --target early_stop_bench >&2
table=$(mktemp)
trap 'rm -f "$table"' EXIT
gzip -dc "$here/../../examples/replay/alexnet.csv.gz" >"$table"

echo "10,000 runs with 100 values each, every value judged as it comes (median of 5):"
echo
"$build/tests/bench/early_stop_bench" judge 10000 100 | sed 's/^/    /'
echo
echo "512 trainings of AlexNet on ImageNet, 8 workers, random order, 10 seeds, medians:"
echo
echo "| rule | epochs run | GPU share | best top-1 | at 5 % | at 10 % |"
echo "|---|---|---|---|---|---|"
"$build/tests/bench/early_stop_bench" replay "$table" 8 10
