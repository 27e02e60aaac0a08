#!/bin/bash
# scenarios.sh SEPTET DIRECTORY: every shipped scenario tells the story that it says it tells, twice the same to the
# byte, as a ladder that fits its width, as JSON that parses, and as captures in which tshark finds nothing wrong.
set -u
septet=$(realpath "$1")
directory=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8
failed=0

fail()
{
    echo "$*"
    failed=$((failed + 1))
}

check_story() # FILE NAME
{
    local expected
    expected=$("$septet" lab "$1" --check) || fail "$2: --check: status $?"
    case $expected in
    *": 0 of 0 "*) fail "$2: expects nothing" ;;
    esac
    grep -q '^# ' "$1" || fail "$2: tells no story"
}

check_ladder() # FILE NAME
{
    local width
    for width in 80 120; do
        "$septet" lab "$1" --ladder --ascii --width "$width" >"$work/ladder" || fail "$2: --ladder: status $?"
        # Titles and what stands between the ladders may be longer.
        if grep '|' "$work/ladder" | awk -v width="$width" 'length($0) > width { long = 1 } END { exit !long }'; then
            fail "$2: a line of its ladder is wider than $width columns"
        fi
        grep -q '|-- SYN' "$work/ladder" || fail "$2: no ladder"
    done
    "$septet" lab "$1" --unicode --color always | grep -q '│' || fail "$2: no ladder in Unicode"
    "$septet" lab "$1" --ascii --color never | LC_ALL=C grep -q '[^ -~]' && fail "$2: --ascii prints other characters"
}

check_json() # FILE NAME
{
    "$septet" lab "$1" --json >"$work/json" || fail "$2: --json: status $?"
    python3 - "$work/json" <<'END' || fail "$2: --json is not as it should be"
import json, sys
document = json.load(open(sys.argv[1]))
times = [event["time"] for event in document["events"]]
assert times == sorted(times) and document["end"] == "quiet" and document["connections"] and document["programs"]
sent = {event["frame"] for event in document["events"] if event.get("fate") in ("sent", "copied")}
ends = [event["frame"] for event in document["events"]
        if event["event"] == "frame" and event["fate"] not in ("sent", "copied")]
assert sent == set(ends)
END
}

check_captures() # FILE NAME
{
    rm -rf "$work/first" "$work/second"
    "$septet" lab "$1" --quiet --pcap "$work/first" || fail "$2: --pcap: status $?"
    "$septet" lab "$1" --quiet --pcap "$work/second" || fail "$2: --pcap: status $?"
    diff -r "$work/first" "$work/second" >/dev/null || fail "$2: two runs give different captures"
    command -v tshark >/dev/null 2>&1 || return
    local capture wrong
    for capture in "$work"/first/*.pcapng; do
        [ -s "$capture" ] || fail "$2: ${capture##*/} is empty"
        # What the segments carry is no HTTP; what ICMP errors quote is cut off.
        wrong=$(tshark -r "$capture" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
            -d tcp.port==80,data -o tcp.try_heuristic_first:FALSE \
            -Y '(_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0) && !(icmp.type == 3)' \
            2>/dev/null) ||
            fail "$2: tshark cannot read ${capture##*/}"
        [ -z "$wrong" ] || fail "$2: ${capture##*/}: $wrong"
    done
}

count=0
for file in "$directory"/*.ucl; do
    name=${file##*/}
    check_story "$file" "$name"
    check_ladder "$file" "$name"
    check_json "$file" "$name"
    check_captures "$file" "$name"
    count=$((count + 1))
done

"$septet" lab "$directory/lossy-transfer.ucl" --seed 1 --json >"$work/one"
"$septet" lab "$directory/lossy-transfer.ucl" --seed 2 --json >"$work/two"
cmp -s "$work/one" "$work/two" && fail "two seeds give the same world"
echo "$count scenarios, $failed failures"
[ "$count" -ge 18 ] && [ "$failed" -eq 0 ]
