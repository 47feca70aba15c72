#!/usr/bin/env bash
# How many runs searches need, and what they cost, measured side by side:
#   run.sh RESULTS [SEEDS] [BUILD]     RESULTS: a directory; SEEDS: 3 unless given
# What RESULTS has already is not run again: it can be interrupted, and more seeds added later. The others
# come from PyPI into a virtual environment in RESULTS; one that does not install is left out.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
results=$(mkdir -p "${1:?the directory of the results}" && cd "$1" && pwd)
seeds=${2:-3}
build=${3:-$here/../../../build}
cmake --build "$build" --target search_bench >&2
bench=$build/tests/bench/search/search_bench
python=$results/venv/bin/python

if [[ ! -x $python ]]; then
    python3 -m venv "$results/venv"
    for packages in 'optuna scipy cmaes matplotlib' torch sweeps HEBO smac; do
        # shellcheck disable=SC2086  # several words
        "$results/venv/bin/pip" install --quiet $packages || echo "left out: $packages" >&2
    done
fi
has() { "$python" -c "import $1" 2>/dev/null; }
peers='tpe,tpe_mv,cmaes'
has sweeps && peers+=',wandb'
slow=''
has torch && slow='gp'
has hebo && slow+=',hebo'
has smac && slow+=',smac'

functions=branin2,hartmann6,ackley5,ackley10,rosenbrock4,levy8,stybtang5,mixed7,nas8,hartmann6n,mixed7n
tables=hpob_vehicle,fcnet_naval,nb201_cifar10
wide=levy20,hart6in20
for (( seed = 0; seed < seeds; ++seed )); do
    for problems in "$functions" "$tables" "$wide"; do
        "$bench" quality "$results/quality.csv" sweepctl,random "$problems" 1 200 "$seed" $(( seed + 1 ))
        "$bench" quality "$results/quality.csv" sweepctl,random "$problems" 8 200 "$seed" $(( seed + 1 ))
        "$python" "$here/peers.py" "$bench" quality "$results/peers.csv" "$peers" "$problems" 1 200 "$seed" $(( seed + 1 ))
        "$python" "$here/peers.py" "$bench" quality "$results/peers.csv" "$peers" "$problems" 8 200 "$seed" $(( seed + 1 ))
        [[ -z $slow ]] || "$python" "$here/peers.py" "$bench" quality "$results/slow.csv" "${slow#,}" "$problems" 1 100 \
            "$seed" $(( seed + 1 ))
    done
done
[[ -e $results/time.csv ]] || "$bench" time "$results/time.csv"
"$python" "$here/peers.py" "$bench" time "$results/peers_time.csv" "$peers" 10000
[[ $slow != *gp* ]] || "$python" "$here/peers.py" "$bench" time "$results/peers_time.csv" gp 100
"$python" "$here/report.py" "$results"
