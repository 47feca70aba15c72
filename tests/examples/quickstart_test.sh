#!/bin/bash
# The quickstart in a tree that is built already, from another directory.
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
"$quickstart" </dev/null >"$work/output" 2>&1 ||
    { status=$?; cat "$work/output"; echo "FAILED: exit code $status" >&2; exit 1; }
for words in 'val_accuracy' '== next' 'sweepctl launch sweep-grid.yaml'; do
    grep -qF -- "$words" "$work/output" ||
        { cat "$work/output"; echo "FAILED: nothing was said of '$words'" >&2; exit 1; }
done
[[ $("$sweepctl" ls --json) == *'"finished"'* ]] || { echo "FAILED: no finished sweep" >&2; exit 1; }
echo "passed"
