#!/bin/sh
# usage.sh SEPTET SCRIPTS: the command line of `septet drill`, and all scripts of a directory.
septet=$1
scripts=$2
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
    "$septet" drill "$@" >"$work/out" 2>&1
    got=$?
    [ "$got" = "$status" ] || fail "septet drill $*: status $got instead of $status: $(cat "$work/out")"
    grep -qF -e "$words" "$work/out" || fail "septet drill $*: no '$words' in: $(cat "$work/out")"
}

echo '0 < S 0:0(0) win 1
+0 > R. 0:0(0) ack 1' >"$work/good.pkt"
echo '0 < S 0:0(0) win 1
+0 > R. 0:0(0) ack 2' >"$work/bad.pkt"
echo '0 `frobnicate`' >"$work/missing.pkt"
echo '0 nonsense' >"$work/broken.pkt"
printf '0 socket(..., SOCK_STREAM, 0) = FD\n+0 %%{ assert tcpi_state == 7, "not closed" }%%\n' >"$work/code.pkt"
printf '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 %%{ assert tcpi_state == 1, "not open" }%%\n' >"$work/shut.pkt"

expect 0 "1 passed, 0 failed, 0 skipped" "$work/good.pkt"
expect 1 "not ok  $work/bad.pkt:2: acknowledgement number: expected 2, got 1" "$work/bad.pkt"
expect 1 "^^^^^" "$work/bad.pkt"
expect 0 "skipped $work/missing.pkt:1: not here: command frobnicate" "$work/missing.pkt"
expect 1 "broken.pkt:2:1: expected ( behind the name of a system call" -n "$work/broken.pkt"
expect 0 "1 passed, 0 failed, 0 skipped" --dry_run "$work/bad.pkt"
expect 0 "1 passed, 0 failed, 0 skipped" -D FD=5 "$work/code.pkt"
expect 1 "shut.pkt:2: the code failed: AssertionError: not open" "$work/shut.pkt"
expect 1 "2 passed, 3 failed, 1 skipped" -j 2 -D FD=5 "$work"
expect 0 "2 passed, 0 failed, 0 skipped" -D FD=5 "--match=*o*d*" "--exclude=b*" "$work"
expect 0 "1 passed, 0 failed, 0 skipped" "$work/g*.pkt"
expect 0 "    2  > R. 0:0(0) ack 1" -v "$work/good.pkt"
expect 0 '"result":"ok"' --json "$work/good.pkt"
expect 2 "expected scripts" --json
expect 2 "unknown option" --frobnicate "$work/good.pkt"
expect 2 "--mtu takes a number" --mtu=5 "$work/good.pkt"
expect 2 "--profile windows: expected linux, freebsd or rfc" --profile windows "$work/good.pkt"
expect 2 "expected a number from 1 to 64" -j 0 "$work/good.pkt"
expect 2 "No such file" "$work/nothing.pkt"
expect 0 "Exit status" --help

echo "$work/good.pkt" >"$work/list"
expect 0 "1 passed, 0 failed, 0 skipped" --list "$work/list" --pcap "$work/captures"
[ -s "$work"/captures/*good.pcapng ] || fail "no capture was written"

expect 0 " 0 failed" -j 2 "$scripts"
[ "$failures" = 0 ] || echo "$failures failures"
exit $((failures != 0))
