#!/bin/bash
# tidy.sh BUILD [FILE...]: clang-tidy over the files of a configured build (all of them, or those that match FILE).
set -u
cd "$(dirname "$0")/.." || exit 1
build=$1
shift
if ! command -v clang-tidy >/dev/null 2>&1; then
    echo "skipped: clang-tidy is not installed"
    exit 77
fi
# Once for each file, however many programs it is compiled into.
mapfile -t files < <(python3 - "$build" "$@" <<'PYTHON'
import json, os, sys
build, wanted = sys.argv[1], sys.argv[2:]
seen = set()
for entry in json.load(open(os.path.join(build, "compile_commands.json"))):
    path = os.path.relpath(os.path.join(entry["directory"], entry["file"]))
    if path.endswith(".c") and not path.startswith("..") and (not wanted or any(text in path for text in wanted)):
        seen.add(path)
print("\n".join(sorted(seen)))
PYTHON
)
echo "$(date +%H:%M:%S) tidy: ${#files[@]} files"
[ ${#files[@]} -gt 0 ] || exit 1
# gcc-only flags in compile_commands.json are unknown to clang; that is no finding.
if printf '%s\0' "${files[@]}" | timeout 1200 xargs -0 -n 1 -P "${JOBS:-$(nproc)}" \
    clang-tidy -p "$build" --quiet --extra-arg=-Wno-unknown-warning-option \
    2>"$build/tidy.error" >"$build/tidy.log"; then
    echo "$(date +%H:%M:%S) tidy: clean"
else
    grep -vE '^[0-9]+ warnings? (generated|treated)' "$build/tidy.log" | head -200
    grep -E 'error:' "$build/tidy.error" | head -20
    exit 1
fi
