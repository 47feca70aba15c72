#!/bin/bash
# The completion scripts in real shells: bash always, zsh and fish where there are any.
#   completion_test.sh SWEEPCTL
set -euo pipefail

sweepctl=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$sweepctl" "$work/bin/sweepctl"
export PATH=$work/bin:$PATH SWEEPCTL_HOME=$work/home
unset SWEEPCTL_SERVER SWEEPCTL_RUN_ID
failed=0

# This is a bash: the script is tried right here.
source <(sweepctl completion bash)
complete -p sweepctl >/dev/null

# Sets `offered` to what bash offers after these words, the last of which is being typed.
offers() {
    local IFS=$' \t\n'
    read -ra COMP_WORDS <<<"$1"
    [[ $1 == *' ' ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _sweepctl || true
    offered=$(printf '%s\n' "${COMPREPLY[@]}")
}
expect() {
    offers "$1"
    if [[ $'\n'$offered$'\n' != *$'\n'"$2"$'\n'* ]]; then
        echo "FAILED: '$1' should offer '$2', but offers: ${offered//$'\n'/ }" >&2
        failed=1
    fi
}
refuse() {
    offers "$1"
    if [[ $'\n'$offered$'\n' == *$'\n'"$2"$'\n'* ]]; then
        echo "FAILED: '$1' should not offer '$2'" >&2
        failed=1
    fi
}

touch "$work/sweep one.yaml"
mkdir "$work/folder"
cd "$work"

expect 'sweepctl ' launch
expect 'sweepctl la' launch
refuse 'sweepctl la' ls
refuse 'sweepctl ' list-ids
expect 'sweepctl --home folder st' status
expect 'sweepctl launch --pa' --paused
expect 'sweepctl launch --pa' --parallel
expect 'sweepctl launch s' 'sweep one.yaml'
expect 'sweepctl launch --detach s' 'sweep one.yaml'
expect 'sweepctl export abc --format ' jsonl
expect 'sweepctl completion ' zsh
expect 'sweepctl help ' validate
expect 'sweepctl ls --home f' folder
refuse 'sweepctl serve --' --ready-fd
refuse 'sweepctl agent --' --local

# Every verb of the overview, and every option of its help, is in the script.
for verb in $(sweepctl --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do
    expect 'sweepctl ' "$verb"
    for option in $(sweepctl "$verb" --help | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p'); do
        expect "sweepctl $verb --" "$option"
    done
done

sweepctl completion zsh >"$work/_sweepctl"
sweepctl completion fish >"$work/sweepctl.fish"
if command -v zsh >/dev/null; then
    zsh -n "$work/_sweepctl" || failed=1
fi
if command -v fish >/dev/null; then
    fish -n "$work/sweepctl.fish" || failed=1
    fish -c "source $work/sweepctl.fish; complete -C 'sweepctl launch --par'" | grep -q -- --parallel || failed=1
fi
for verb in $(sweepctl --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do
    grep -q "'$verb:" "$work/_sweepctl" || { echo "FAILED: zsh does not know '$verb'" >&2; failed=1; }
    grep -q -- "-a $verb " "$work/sweepctl.fish" || { echo "FAILED: fish does not know '$verb'" >&2; failed=1; }
done
(( failed == 0 )) && echo "passed"
exit "$failed"
