#!/bin/bash
# fuzz.sh BUILD SECONDS [TARGET...]: builds all fuzz targets with libFuzzer, ASan and UBSan, and runs each for so long.
# Inputs found are kept in BUILD/corpus/TARGET; a crash is left in BUILD/crashes and named.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$1
seconds=$2
shift 2
CC=clang scripts/configure.sh "$build" -Dfuzzer=true -Dcli=disabled -Db_sanitize=address,undefined -Db_lundef=false \
    || exit 1
ninja -C "$build" -j "${JOBS:-$(nproc)}" || exit 1
mkdir -p "$build/crashes"
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for program in "$build"/tests/fuzz/fuzz_*; do
        [ -f "$program" ] && [ -x "$program" ] && targets+=("${program##*/fuzz_}")
    done
fi
passed=0 failed=0
for target in "${targets[@]}"; do
    found=$build/corpus/$target
    mkdir -p "$found"
    corpus=("$found")
    [ -d "tests/fuzz/corpus/$target" ] && corpus+=("tests/fuzz/corpus/$target")
    echo "$(date +%H:%M:%S) fuzz: $target for $seconds s"
    if timeout $((seconds + 120)) "$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=10 \
        -max_len=65535 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="$build/crashes/$target-" "${corpus[@]}" >"$build/$target.log" 2>&1; then
        passed=$((passed + 1))
        grep -E 'number_of_executed_units|new_units_added' "$build/$target.log" | sed 's/^stat::/    /'
    else
        failed=$((failed + 1))
        tail -30 "$build/$target.log"
        echo "fuzz: $target failed; inputs in $build/crashes"
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
