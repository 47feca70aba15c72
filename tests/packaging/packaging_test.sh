#!/bin/bash
# Installs and packages a finished build into temporary directories, and runs a sweep with each.
#   packaging_test.sh BUILD_DIRECTORY CMAKE CPACK
set -euo pipefail

build=$1 cmake=$2 cpack=$3
work=$(mktemp -d)
controllers=()  # homes whose controller is to be ended
clean_up() {
    for home in "${controllers[@]}"; do
        SWEEPCTL_HOME=$home "$work/prefix/bin/sweepctl" shutdown --cancel >/dev/null 2>&1 || true
    done
    rm -rf "$work"
}
trap clean_up EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

expected=(
    bin/sweepctl
    libexec/sweepctl/sweepctl-runner
    lib/systemd/user/sweepctl.service
    share/bash-completion/completions/sweepctl
    share/fish/vendor_completions.d/sweepctl.fish
    share/doc/sweepctl/LICENSE
    share/doc/sweepctl/README.md
    share/doc/sweepctl/copyright
    share/doc/sweepctl/examples/digits/digits.csv.gz
    share/doc/sweepctl/examples/digits/sweep-grid.yaml
    share/doc/sweepctl/examples/digits/train.py
)

# A sweep needs the runner, which sweepctl must find from where it was put.
runs_a_sweep() {
    local sweepctl=$1 home=$2
    controllers+=("$home")
    cat >"$work/sweep.yaml" <<'END'
method: grid
command: [/bin/sh, -c, 'test "$0" -gt 0', "${n}"]
parameters:
  n: {values: [1, 2, 3]}
END
    (
        cd "$work"
        export SWEEPCTL_HOME=$home
        "$sweepctl" launch sweep.yaml >"$work/launch" || fail "$sweepctl launch: $(cat "$work/launch")"
        local states
        states=$("$sweepctl" runs "$(tail -n 1 "$work/launch")" --json |
            python3 -c 'import json, sys; print(*[run["state"] for run in json.load(sys.stdin)])')
        [[ $states == "finished finished finished" ]] || fail "$sweepctl: the runs are '$states'"
        "$sweepctl" shutdown --cancel
    )
}

echo "== cmake --install"
"$cmake" --install "$build" --prefix "$work/prefix" >"$work/install"
for file in "${expected[@]}" share/zsh/site-functions/_sweepctl; do
    [[ -s $work/prefix/$file ]] || fail "'$file' was not installed, or is empty"
done
unit=$work/prefix/lib/systemd/user/sweepctl.service
for line in "ExecStart=\"$work/prefix/bin/sweepctl\" serve" KillMode=process Delegate=yes; do
    grep -qxF -- "$line" "$unit" || fail "the unit lacks '$line': $(cat "$unit")"
done
bash -n "$work/prefix/share/bash-completion/completions/sweepctl"
runs_a_sweep "$work/prefix/bin/sweepctl" "$work/home-installed"

echo "== cpack -G DEB"
(cd "$build" && "$cpack" -G DEB -B "$work/package") >"$work/cpack" || fail "cpack: $(cat "$work/cpack")"
package=$(echo "$work"/package/*.deb)
[[ -f $package ]] || fail "cpack made no package: $(cat "$work/cpack")"
contents=$(dpkg -c "$package")
for file in "${expected[@]}" share/zsh/vendor-completions/_sweepctl; do
    grep -q -- " \./usr/$file\$" <<<"$contents" || fail "the package lacks 'usr/$file'"
done
! grep -qv ' \./usr/' <<<"$contents" || fail "the package has files outside /usr: $contents"
dpkg -x "$package" "$work/root"
# Each library that the program asks the loader for comes with a package that this one depends on.
depends=$(dpkg-deb -f "$package" Depends)
mapfile -t libraries < <(readelf -d "$work/root/usr/bin/sweepctl" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
(( ${#libraries[@]} > 0 )) || fail "the program needs no library at all, which cannot be"
for library in "${libraries[@]}"; do
    found=
    for owner in $(dpkg -S "*/$library" | sed 's/[:,].*//' | sort -u); do
        if [[ " ${depends//,/ } " == *" $owner "* ]]; then found=$owner; fi
    done
    [[ -n $found ]] || fail "the package depends on nothing that has '$library': $depends"
done
grep -qxF 'ExecStart="/usr/bin/sweepctl" serve' "$work/root/usr/lib/systemd/user/sweepctl.service" ||
    fail "the package's unit does not start /usr/bin/sweepctl"
runs_a_sweep "$work/root/usr/bin/sweepctl" "$work/home-packaged"
echo "passed"
