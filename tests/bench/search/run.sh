#!/usr/bin/env bash
# How many runs searches need, and what they cost, measured side by side:
#   run.sh quick|full RESULTS [BUILD]     RESULTS: a directory
# quick: 2 seeds, 50 runs, of the slowest optimisers four problems. full, for hours and in the end days: 20 seeds, 200
# runs and some 500; it goes through all comparisons with a few seeds first, so that whenever it ends there is
# something of each.
# What RESULTS has already is not run again: it can be interrupted, and full goes on where quick ended. Where the search
# was changed, delete quality.csv and time.csv in RESULTS: the others' results stay. Those in recorded/ are taken over;
# RECORDED=no runs all of them anew.
# The others come from PyPI into a virtual environment in RESULTS; one that does not install is left out.
# NICE=19 makes room for others; it is one process with one thread at a time in any case.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
size=${1:?quick or full}
results=$(mkdir -p "${2:?the directory of the results}" && cd "$2" && pwd)
build=${3:-$here/../../../build}
bench=$results/search_bench
python=$results/venv/bin/python
run() { nice -n "${NICE:-0}" "$@"; }

functions=branin2,hartmann6,ackley5,ackley10,rosenbrock4,levy8,stybtang5,mixed7,nas8,hartmann6n,mixed7n
tables=hpob_vehicle,fcnet_naval,nb201_cifar10
wide=levy20,hart6in20
some=hartmann6,ackley5,mixed7,hartmann6n  # for those that take a second for each run
case $size in
    quick) budget=50 slow_budget=25 largest=1000 ;;
    full) budget=200 slow_budget=100 largest=10000 ;;
    *) echo "quick or full, not '$size'" >&2; exit 2 ;;
esac

run cmake --build "$build" --target search_bench >&2
cp -f "$build/tests/bench/search/search_bench" "$bench"  # The build may go on changing.
if [[ ! -x $python ]]; then
    python3 -m venv "$results/venv"
    # setuptools: W&B's engine asks for pkg_resources. Torch is gigabytes, and what GPs of others need. HEBO asks for
    # numpy and pymoo of years ago, and works with those that Ax brings.
    for packages in 'setuptools<80' 'optuna scipy cmaes matplotlib scikit-learn' sweeps smac torch ax-platform \
        '--no-deps HEBO GPy paramz disjoint-set catboost'; do
        # shellcheck disable=SC2086  # several words
        run timeout "${INSTALL_S:-1200}" "$results/venv/bin/pip" install --quiet $packages ||
            echo "left out: $packages" >&2
    done
fi
has() { run "$python" -c "$1" 2>/dev/null; }
quick=
wandb=
slow=()
if has 'import optuna, cmaes, scipy'; then quick=tpe,tpe_mv,cmaes; fi
if has 'import sweeps'; then wandb=wandb; fi
if has 'import optuna, scipy, torch'; then slow+=(gp); fi
if has 'from hebo.optimizers.hebo import HEBO'; then slow+=(hebo); fi
if has 'from smac import Scenario'; then slow+=(smac smac_gp); fi
if has 'from ax.api.client import Client'; then slow+=(ax); fi
if [[ ${RECORDED:-yes} != no && ! -e $results/peers.csv ]]; then
    gunzip -c "$here/recorded/peers.csv.gz" >"$results/peers.csv"
fi
echo "against: $quick $wandb ${slow[*]}" >&2

# Appends what is missing: PROBLEMS PARALLEL BUDGET SEEDS METHOD,... seed by seed.
measure() {
    local seed
    for ((seed = 0; seed < $4; ++seed)); do
        run "$bench" quality "$results/quality.csv" sweepctl,random "$1" "$2" "$3" "$seed" $((seed + 1))
        [[ -n $5 ]] || continue
        run "$python" "$here/peers.py" "$bench" quality "$results/peers.csv" "$5" "$1" "$2" "$3" "$seed" $((seed + 1))
    done
    run "$python" "$here/report.py" "$results"
}
# PROBLEMS PARALLEL, with those that take a few hundredths of a second at most.
compare() {
    measure "$1" "$2" "$budget" "$seeds" "$quick"
    measure "$1" "$2" "$budget" "$wandb_seeds" "$wandb"
}
# SEEDS, those of W&B's engine, those of the slow ones.
everything() {
    local seeds=$1 wandb_seeds=$2 slow_seeds=$3 method
    compare "$functions" 1
    compare "$functions" 8
    compare "$tables" 1
    if [[ $size == full ]]; then
        compare "$wide" 1
        compare "$wide" 8
        compare "$functions" 64
        compare "$wide" 64
        measure "$functions" 1 500 "$slow_seeds" "${quick:+cmaes,tpe_mv}"
        if [[ " ${slow[*]} " == *' gp '* ]]; then measure "$functions" 1 "$budget" "$slow_seeds" gp; fi
    fi
    for method in "${slow[@]}"; do
        measure "$some" 1 "$slow_budget" "$slow_seeds" "$method"
    done
    if [[ ! -e $results/time.csv ]]; then
        rm -f "$results/time.part"
        run "$bench" time "$results/time.part"
        mv "$results/time.part" "$results/time.csv"
    fi
    for method in ${quick//,/ } $wandb; do
        run "$python" "$here/peers.py" "$bench" time "$results/peers_time.csv" "$method" "$largest"
    done
    for method in "${slow[@]}"; do
        run "$python" "$here/peers.py" "$bench" time "$results/peers_time.csv" "$method" 100
    done
    run "$python" "$here/report.py" "$results"
}

if [[ $size == quick ]]; then
    everything 2 1 1
else
    everything 3 2 1
    everything 6 3 2
    everything 10 10 3
    everything 20 20 10
fi
