#!/bin/bash
# Installs the packages of the named groups (see packages.txt) that are not there yet. When nothing
# is missing, apt is not called at all, and no root rights are needed.
#   tests/install_packages.sh build run
set -euo pipefail

list=$(dirname "${BASH_SOURCE[0]}")/packages.txt
known=$(sed 's/#.*//' "$list" | awk 'NF == 2 { print $2 }' | sort -u)
wanted=()
for group; do
    if ! grep -qx -- "$group" <<<"$known"; then
        echo "error: unknown package group '$group', known: ${known//$'\n'/, }" >&2
        exit 2
    fi
    mapfile -t -O "${#wanted[@]}" wanted \
        < <(sed 's/#.*//' "$list" | awk -v group="$group" '$2 == group { print $1 }')
done

if ! command -v dpkg-query >/dev/null; then
    echo "error: no dpkg-query here: this installs Debian packages (${wanted[*]})" >&2
    exit 1
fi
missing=()
for package in "${wanted[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    if [[ $status != installed* ]]; then missing+=("$package"); fi
done
if (( ${#missing[@]} == 0 )); then exit 0; fi

as_root=()
if (( EUID != 0 )); then
    if ! command -v sudo >/dev/null; then
        echo "error: missing packages, and neither root nor sudo to install them; as root, run:" >&2
        echo "  apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)

echo "installing ${missing[*]}"
# stdin is closed: apt must neither ask nor swallow what a caller's script still has to read.
"${apt[@]}" update </dev/null
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
