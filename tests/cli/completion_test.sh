#!/bin/bash
# The completion scripts in real shells: bash always, zsh and fish where there are any.
#   completion_test.sh SWEEPCTL
set -euo pipefail

sweepctl=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
# Ids come from a controller, of which there is none here.
cat >"$work/bin/sweepctl" <<END
#!/bin/bash
case "\$*" in
    "list-ids sweeps") echo sweep001 ;;
    "list-ids runs") echo run00001 ;;
    "list-ids sweeps runs") echo sweep001; echo run00001 ;;
    "list-ids "*) exit 2 ;;
    *) exec '$sweepctl' "\$@" ;;
esac
END
chmod +x "$work/bin/sweepctl"
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
expect 'sweepctl launch --prior s' 'sweep one.yaml'
expect 'sweepctl launch --prior s' sweep001
expect 'sweepctl suggest --prior s' 'sweep one.yaml'
refuse 'sweepctl suggest --prior s' sweep001
expect 'sweepctl export abc --format ' jsonl
expect 'sweepctl completion ' zsh
expect 'sweepctl help ' validate
expect 'sweepctl pause ' sweep001
expect 'sweepctl logs ' run00001
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
    # Its completion works only where somebody types, so a shell in a terminal of zsh's own making does.
    cat >"$work/type.zsh" <<'END'
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -d $1/dump; echo set''tled"
zpty -r shell said '*settled*'
zpty -n -w shell "sweepctl $2"$'\t'
zpty -r shell said "*$3*"
END
    for typed in 'la|unch' 'launch --para|llel' 'pause |sweep001' 'logs |run00001' 'retry --sweep |sweep001' 'completion f|ish'; do
        timeout 20 zsh -f "$work/type.zsh" "$work" "${typed%|*}" "${typed#*|}" || {
            echo "FAILED: zsh does not complete '${typed%|*}' with '${typed#*|}'" >&2
            failed=1
        }
    done
fi
if command -v fish >/dev/null; then
    fish -n "$work/sweepctl.fish" || failed=1
    for typed in 'la|launch' 'launch --para|--parallel' 'pause |sweep001' 'logs |run00001' 'completion f|fish'; do
        fish --no-config -c "source $work/sweepctl.fish; complete -C 'sweepctl ${typed%|*}'" | grep -q -- "^${typed#*|}" || {
            echo "FAILED: fish does not complete '${typed%|*}' to '${typed#*|}'" >&2
            failed=1
        }
    done
fi
for verb in $(sweepctl --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do
    grep -q "'$verb:" "$work/_sweepctl" || { echo "FAILED: zsh does not know '$verb'" >&2; failed=1; }
    grep -q -- "-a $verb " "$work/sweepctl.fish" || { echo "FAILED: fish does not know '$verb'" >&2; failed=1; }
done
(( failed == 0 )) && echo "passed"
exit "$failed"
