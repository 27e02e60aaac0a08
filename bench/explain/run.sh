#!/bin/sh
# run.sh SEPTET [MIB [THOUSAND]]: septet explain beside its peers, on captures made here: full-size packets in 17,000
# flows (MIB, 3000), and SYNs that nobody answers (THOUSAND, 1000). Seconds and peak memory of each; cat is the measure.
set -eu
septet=$1
size=${2:-3000}
flood=${3:-1000}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cc -O2 -o "$work/generate" "$here/generate.c"
"$work/generate" full "$size" "$work/full.pcap"
"$work/generate" flood "$flood" "$work/flood.pcap"

# measure NAME COMMAND...: a line with seconds and MiB.
measure() {
    name=$1
    shift
    command -v "$1" >/dev/null 2>&1 || { echo "$name: not installed"; return; }
    /usr/bin/time -f "%e %M" -o "$work/time" "$@" >/dev/null 2>&1 || true
    awk -v name="$name" '{printf "%-28s %8.2f s %8.0f MiB\n", name, $1, $2 / 1024}' "$work/time"
}

for kind in full flood; do
    file=$work/$kind.pcap
    echo "$kind: $(wc -c <"$file") bytes"
    cat "$file" >/dev/null
    measure cat cat "$file"
    measure "septet explain" "$septet" explain "$file"
    measure "tcpdump, a filter" tcpdump -r "$file" -w /dev/null "tcp[tcpflags] & tcp-syn != 0"
    measure "tshark, conversations" tshark -r "$file" -q -z conv,tcp
done
