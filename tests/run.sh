#!/bin/bash
# Installs what is missing, builds, and runs every test.
#   tests/run.sh                     the tests, Release, in build/
#   tests/run.sh --slow              the slow ones as well
#   tests/run.sh --sanitize          the tests under AddressSanitizer and UBSan, in build-sanitize/
#   tests/run.sh --fuzz SECONDS      each fuzz target for so long, in build-fuzz/
#   tests/run.sh --bench             the benchmark, Release, in build/
# --slow and --sanitize go together. Whatever stands behind `--` is given to ctest:
#   tests/run.sh -- -R core
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
usage() { printf 'error: %s\n' "$*" >&2; sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

mode='test'
sanitize=OFF
ctest_options=()
while (( $# > 0 )); do
    case $1 in
        --slow) ctest_options+=(-C slow) ;;
        --sanitize) sanitize=ON ;;
        --fuzz)
            mode=fuzz
            seconds=${2:-}
            [[ $seconds =~ ^[1-9][0-9]*$ ]] || usage "'--fuzz' needs a number of seconds, not '$seconds'"
            shift ;;
        --bench) mode=bench ;;
        --) shift; ctest_options+=("$@"); break ;;
        -h | --help) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) usage "unknown option '$1'" ;;
    esac
    shift
done
[[ $mode == test || $sanitize == OFF ]] || usage "'--sanitize' goes with the tests only"

# Tests bring their own homes and servers; the caller's must not be touched.
for variable in "${!SWEEPCTL_@}" "${!WANDB_@}"; do unset "$variable"; done

jobs=$(nproc)
# A big file under the sanitizers takes close to 2 GiB to compile.
memory_gib=$(awk '/MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
(( jobs <= memory_gib / 2 )) || jobs=$(( memory_gib / 2 > 0 ? memory_gib / 2 : 1 ))

build() {  # directory, then options of cmake
    local directory=$1
    shift
    cmake -S "$root" -B "$directory" -G Ninja -DCMAKE_BUILD_TYPE=Release "$@"
    cmake --build "$directory" --parallel "$jobs" "${targets[@]}"
}
targets=()  # none: everything

case $mode in
    test)
        "$root/tests/install_packages.sh" build run test
        directory=$root/build
        if [[ $sanitize == ON ]]; then
            directory=$root/build-sanitize
            # Into files, since nobody reads what a daemon writes to its standard error.
            reports=$directory/reports
            rm -rf "$reports"
            mkdir -p -m 1777 "$reports"
            export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:log_path=$reports/asan
            export UBSAN_OPTIONS=print_stacktrace=1:log_path=$reports/ubsan
        fi
        build "$directory" -DSWEEPCTL_SANITIZE=$sanitize
        cd "$directory"
        # One after the other: several of them look at how promptly processes end.
        passed=0
        ctest --output-on-failure --no-tests=error --timeout 900 "${ctest_options[@]}" || passed=$?
        if [[ $sanitize == ON ]] && compgen -G "$reports/*" >/dev/null; then
            cat "$reports"/*
            fail "the sanitizers found something: see $reports"
        fi
        exit "$passed"
        ;;
    fuzz)
        "$root/tests/install_packages.sh" build run fuzz
        directory=$root/build-fuzz
        targets=(--target fuzzers)
        build "$directory" -DSWEEPCTL_FUZZ=ON -DSWEEPCTL_WERROR=OFF \
            -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++
        mapfile -t fuzzers < <(find "$directory/tests" -type f -name '*_fuzz' -executable | sort)
        (( ${#fuzzers[@]} > 0 )) || fail "no fuzz target was built below '$directory/tests'"
        for fuzzer in "${fuzzers[@]}"; do
            name=$(basename "$fuzzer")
            # What was found in earlier rounds stays beside the build; the seeds are in the sources.
            mkdir -p "$directory/corpus/$name" "$directory/findings"
            seeds=("$root"/tests/*/corpus/"$name")
            [[ -d ${seeds[0]} ]] || seeds=()
            echo "fuzzing $name for $seconds s"
            "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
                -verbosity=0 -artifact_prefix="$directory/findings/$name-" \
                "$directory/corpus/$name" "${seeds[@]}" ||
                fail "$name found something: see $directory/findings"
        done
        echo "${#fuzzers[@]} fuzz targets ran $seconds s each without a finding"
        ;;
    bench)
        "$root/tests/install_packages.sh" build run bench
        build "$root/build" -DSWEEPCTL_SANITIZE=OFF
        [[ -x $root/tests/bench/run.sh ]] || fail "'tests/bench/run.sh' is missing"
        exec "$root/tests/bench/run.sh" "$root/build"
        ;;
esac
