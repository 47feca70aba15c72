#!/usr/bin/env bash
# How many runs searches need, and what they cost, measured side by side:
#   run.sh quick|full RESULTS [BUILD]     RESULTS: a directory
# quick: 2 seeds, 50 runs, of the slowest optimisers three problems. full, for hours: 10 seeds,
# 200 runs. What RESULTS has already is not run again: it can be interrupted, and full goes on where quick ended.
# The others come from PyPI into a virtual environment in RESULTS; one that does not install is left out.
# NICE=19 makes room for others; it is one process at a time in any case.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
size=${1:?quick or full}
results=$(mkdir -p "${2:?the directory of the results}" && cd "$2" && pwd)
build=${3:-$here/../../../build}
bench=$build/tests/bench/search/search_bench
python=$results/venv/bin/python
run() { nice -n "${NICE:-0}" "$@"; }

functions=branin2,hartmann6,ackley5,ackley10,rosenbrock4,levy8,stybtang5,mixed7,nas8,hartmann6n,mixed7n
tables=hpob_vehicle,fcnet_naval,nb201_cifar10
wide=levy20,hart6in20
case $size in
    quick) seeds=2 budget=50 slow_seeds=1 slow_budget=25 slow_problems=branin2,hartmann6,mixed7 largest=1000 ;;
    full) seeds=10 budget=200 slow_seeds=3 slow_budget=100 slow_problems=$functions largest=10000 ;;
    *) echo "quick or full, not '$size'" >&2; exit 2 ;;
esac

run cmake --build "$build" --target search_bench >&2
if [[ ! -x $python ]]; then
    python3 -m venv "$results/venv"
    # setuptools: W&B's engine asks for pkg_resources. Torch is gigabytes, and what GPs of others need.
    for packages in 'setuptools<80' 'optuna scipy cmaes matplotlib scikit-learn' sweeps smac torch HEBO; do
        # shellcheck disable=SC2086  # several words
        run timeout 1200 "$results/venv/bin/pip" install --quiet $packages || echo "left out: $packages" >&2
    done
fi
has() { run "$python" -c "$1" 2>/dev/null; }
peers='tpe,tpe_mv,cmaes'
if has 'import sweeps'; then peers+=',wandb'; fi
slow=()
if has 'import torch'; then slow+=(gp); fi
if has 'from hebo.optimizers.hebo import HEBO'; then slow+=(hebo); fi
if has 'import smac'; then slow+=(smac); fi
echo "against: $peers ${slow[*]}" >&2

# Appends what is missing: PROBLEMS PARALLEL BUDGET SEEDS METHOD,... seed by seed.
measure() {
    for ((seed = 0; seed < $4; ++seed)); do
        run "$bench" quality "$results/quality.csv" sweepctl,random "$1" "$2" "$3" "$seed" $((seed + 1))
        run "$python" "$here/peers.py" "$bench" quality "$results/peers.csv" "$5" "$1" "$2" "$3" "$seed" $((seed + 1))
    done
}
report() { run "$python" "$here/report.py" "$results"; }

[[ -e $results/time.csv ]] || run "$bench" time "$results/time.csv"
measure "$functions" 1 "$budget" "$seeds" "$peers"
report
measure "$functions" 8 "$budget" "$seeds" "$peers"
measure "$tables" 1 "$budget" "$seeds" "$peers"
report
for method in "${slow[@]}"; do
    measure "$slow_problems" 1 "$slow_budget" "$slow_seeds" "$method"
    report
done
[[ $size == quick ]] || measure "$wide" 1 "$budget" "$seeds" "$peers"
run "$python" "$here/peers.py" "$bench" time "$results/peers_time.csv" "$peers" "$largest"
for method in "${slow[@]}"; do
    run "$python" "$here/peers.py" "$bench" time "$results/peers_time.csv" "$method" 100
done
report
