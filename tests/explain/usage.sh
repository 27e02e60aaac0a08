#!/bin/sh
# usage.sh SEPTET SCENARIO: the command line of `septet explain`, on the capture of a lab run.
septet=$1
scenario=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "$*"
    failures=$((failures + 1))
}

# expect STATUS WORDS ARGUMENT...: the exit status, and words of the output.
expect() {
    status=$1 words=$2
    shift 2
    "$septet" explain "$@" >"$work/out" 2>&1
    got=$?
    [ "$got" = "$status" ] || fail "septet explain $*: status $got instead of $status: $(cat "$work/out")"
    grep -qF -e "$words" "$work/out" || fail "septet explain $*: no '$words' in: $(head -30 "$work/out")"
}

"$septet" lab "$scenario" --pcap "$work/lab" >/dev/null 2>&1 || fail "septet lab gives no capture"
capture=$(find "$work" -name '*.pcapng' | sort | head -1)
[ -n "$capture" ] || { echo "no capture of the lab"; exit 1; }

frames() { "$septet" explain --packets "$@" | wc -l; }

all=$(frames "$capture")
[ "$all" -ge 7 ] || fail "only $all frames"
expect 0 "Flags [S]" --packets "$capture"
expect 0 "tcp.flags.syn = 1" --bytes 1 -Y tcp.flags.syn==1 "$capture"
expect 2 "there is no such frame" --bytes 100000 "$capture"
expect 2 "did you mean tcp.port?" -Y 'tcp.prot == 80' "$capture"
expect 2 "^^^^^^^^" -Y 'tcp.prot == 80' "$capture"

# What only analysis knows.
[ "$(frames -Y 'tcp.stream == 0' "$capture")" = "$all" ] || fail "tcp.stream == 0 is not all"
[ "$(frames -Y 'tcp.stream == 1' "$capture")" = 0 ] || fail "there is a stream 1"
for step in 1 2 3; do
    [ "$(frames -Y "tcp.handshake == $step" "$capture")" = 1 ] || fail "handshake: step $step"
done
for step in 1 2 3 4; do
    [ "$(frames -Y "tcp.close == $step" "$capture")" = 1 ] || fail "close: step $step"
done
expect 0 "Flags [S.]" --packets -Y 'tcp.seq == 0 && tcp.ack == 1' "$capture"
expect 0 "Flags [S]" --packets -Y 'tcp.state.client == SYN_SENT' "$capture"
expect 0 "Flags [F.]" --packets -Y 'septet.state == "FIN_WAIT_1"' "$capture"

expect 2 "No such file" "$work/missing"
expect 2 "neither pcap nor pcapng" "$0"
expect 2 "expected a capture file"
expect 0 "Wireshark's display filters" --help

# The payload, put together: the same from both ends of a link that loses and reorders.
"$septet" lab "$(dirname "$scenario")/lossy-transfer.ucl" --pcap "$work/lossy" >/dev/null 2>&1 || fail "no lossy lab"
"$septet" explain --follow 0 --raw "$work/lossy/client.pcapng" >"$work/a"
"$septet" explain --follow 0 --raw "$work/lossy/server.pcapng" >"$work/b"
[ -s "$work/a" ] && cmp -s "$work/a" "$work/b" || fail "--follow: both ends differ"

# What was found is written with the packets.
"$septet" explain -w "$work/found.pcapng" "$work/lossy/client.pcapng" || fail "--write of a lossy link fails"
[ "$(frames -Y 'frame.comment contains "resent"' "$work/found.pcapng")" -gt 0 ] || fail "no remark in the file"
[ "$(frames -Y 'frame.comment contains "certain" && tcp.flags.syn == 1' "$work/found.pcapng")" = 0 ] ||
    fail "a remark on a SYN"
expect 0 "=== client 10.0.0.1." --follow 0 "$work/lossy/client.pcapng"
grep -q '[^[:print:][:space:]]' "$work/out" && fail "--follow shows bytes that are no text"
expect 2 "there is no such conversation" --follow 5 "$work/lossy/client.pcapng"
expect 2 "--raw goes with --follow" --raw "$capture"

# Packed, from standard input, several together.
gzip -c "$capture" >"$work/packed.gz"
[ "$(frames "$work/packed.gz")" = "$all" ] || fail "gzip: other frames"
[ "$(frames - <"$work/packed.gz")" = "$all" ] || fail "standard input: other frames"
[ "$(cat "$capture" | frames -)" = "$all" ] || fail "pipe: other frames"
[ "$(frames "$capture" "$work/packed.gz")" = $((2 * all)) ] || fail "two files: other frames"

# What is written reads the same, and a filter and its opposite are all.
"$septet" explain --write "$work/copy.pcapng" "$capture" || fail "--write fails"
"$septet" explain --packets "$capture" >"$work/a"
"$septet" explain --packets "$work/copy.pcapng" >"$work/b"
cmp -s "$work/a" "$work/b" || fail "the copy is another capture"
"$septet" explain -w "$work/some.pcapng" -Y 'tcp.flags.syn == 1' "$capture" || fail "--write with a filter fails"
some=$(frames "$work/some.pcapng")
others=$(frames -Y '!(tcp.flags.syn == 1)' "$capture")
[ "$some" -gt 0 ] && [ $((some + others)) = "$all" ] || fail "$some and $others frames are not $all"

# A file that is cut off gives what it has, then one line.
size=$(wc -c <"$work/copy.pcapng")
head -c $((size - 7)) "$work/copy.pcapng" >"$work/cut.pcapng"
expect 1 "reading ended at byte" --packets "$work/cut.pcapng"
[ "$(frames "$work/cut.pcapng" 2>/dev/null)" = $((all - 1)) ] || fail "the cut file lost more than a frame"

[ "$failures" = 0 ]
