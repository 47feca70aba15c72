#!/bin/bash
# The quickstart in a tree that is built already, from another directory, twice.
#   quickstart_test.sh QUICKSTART SWEEPCTL
set -euo pipefail

quickstart=$1 sweepctl=$2
work=$(mktemp -d)
export SWEEPCTL_HOME=$work/home
clean_up() {
    "$sweepctl" shutdown --cancel >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap clean_up EXIT

cd /
for round in first second; do
    "$quickstart" </dev/null >"$work/output" 2>&1 ||
        { cat "$work/output"; echo "FAILED: the $round time, exit code $?" >&2; exit 1; }
    for words in 'val_accuracy' '== next' 'sweepctl launch sweep-grid.yaml'; do
        grep -qF -- "$words" "$work/output" ||
            { cat "$work/output"; echo "FAILED: the $round time nothing was said of '$words'" >&2; exit 1; }
    done
done
[[ $("$sweepctl" ls --json | grep -c '"finished"') -ge 1 ]]
echo "passed"
