#!/bin/sh
# format.sh [--check]: formats the C files of the tree, or says which are not formatted.
set -eu
cd "$(dirname "$0")/.."
if ! command -v clang-format >/dev/null 2>&1; then
    echo "skipped: clang-format is not installed"
    exit 77
fi
files=$(find src include tests ports bench examples -name '*.[ch]' 2>/dev/null | sort)
if [ "${1:-}" = --check ]; then
    # One process for all: a process for each file takes longer than a test may on a busy machine.
    # shellcheck disable=SC2086 # names of ours, without spaces
    if clang-format --dry-run -Werror $files >/dev/null 2>&1; then
        echo "format: 0 files differ"
        exit
    fi
    bad=0
    for file in $files; do
        if ! clang-format "$file" | cmp -s - "$file"; then
            echo "$file: not formatted; make format"
            bad=$((bad + 1))
        fi
    done
    echo "format: $bad files differ"
    [ "$bad" -eq 0 ]
    exit
fi
# shellcheck disable=SC2086 # names of ours, without spaces
[ -z "$files" ] || clang-format -i $files
