#!/bin/bash
# usage.sh SEPTET: what septet lab says to wrong input: one line that names file, line and what was expected, status 2.
set -u
septet=$(realpath "$1")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

# expect STATUS PATTERN ARGUMENT...: the status, and one line on standard error that matches.
expect()
{
    local status=$1 pattern=$2 got
    shift 2
    "$septet" lab "$@" >out 2>err </dev/null
    got=$?
    if [ "$got" -ne "$status" ] ||
        { [ "$status" -ne 0 ] && { [ "$(wc -l <err)" -ne 1 ] || ! grep -qE "$pattern" err; }; }; then
        echo "septet lab $*: status $got instead of $status, or not /$pattern/:"
        sed 's/^/    /' err
        failed=$((failed + 1))
    fi
}

hosts='host a { address 10.0.0.1/24 }
host b { address 10.0.0.2/24 }
link wire { between [a, b] }'
printf '%s\n' "$hosts" >good
printf '%s\nprogram p { host a; do "conect b:80" }\n' "$hosts" >verb
printf '%s\nprogram p {\n host a\n' "$hosts" >brace
printf '%s\nprogram p { host a; do "wait end" }\n' "$hosts" >stuck
printf '%s\nprogram p { host a; do "connect b:80" }\nexpect {\n result { p OK } }\n' "$hosts" >unmet
printf 'host a {\n pages 4000000; page_size 65536\n}\n' >large
head -c 100 /dev/urandom >noise

expect 0 '' good --quiet
expect 2 'no-such-file: No such file' no-such-file
expect 2 'expected one scenario file'
expect 2 'expected one scenario file, not also brace' good brace
expect 2 '^verb:4: expected connect send .*, not .conect b:80.$' verb
expect 2 "^brace:4: expected '}' for the section that opens here" brace
expect 2 '^noise:[0-9]+: expected' noise
expect 2 '^large:1: .*no memory for the stack of host' large
expect 1 '^stuck:4: program p waits here for what never comes' stuck
expect 1 '^unmet:6: expected OK as the result of p, not CONNECTION_REFUSED' unmet --check
expect 2 'seed x: expected a number' good --seed x
expect 2 'width 10: expected a number from 80 to 200' good --width 10
expect 2 'color red: expected auto, always or never' good --color red
expect 2 'connection 3: expected a number from 1 to 1' unmet --connection 3
expect 2 'no-such-option: unknown option' good --no-such-option
expect 1 'good/x: Not a directory|good/x' good --pcap good/x
expect 0 '' --world 17 --quiet
expect 2 'world none: expected a number' --world none

"$septet" lab --help >out 2>err || failed=$((failed + 1))
grep -q 'septet lab scenarios/seven-segments.ucl' out || { echo "--help has no examples"; failed=$((failed + 1)); }
"$septet" lab - <good >out 2>err || { echo "standard input is not read"; failed=$((failed + 1)); }
echo "$failed failures"
[ "$failed" -eq 0 ]
