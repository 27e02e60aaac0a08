#!/bin/sh
# test.sh BUILD [SUITE...]: runs the tests of a build; the last line is "N passed, N failed, N skipped".
set -eu
build=$1
shift
cd "$(dirname "$0")/.."
suites=
for suite in "$@"; do
    suites="$suites --suite $suite"
done
status=0
rm -f "$build/meson-logs/testlog.json"
# shellcheck disable=SC2086 # a list of words
meson test -C "$build" --no-rebuild --print-errorlogs --num-processes "${JOBS:-$(nproc)}" $suites || status=$?
scripts/summary.py "$build/meson-logs/testlog.json" || status=1
exit "$status"
