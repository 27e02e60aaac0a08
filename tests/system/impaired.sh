#!/bin/bash
# impaired.sh SEPTET: 1 GiB each way, over IPv4 and IPv6, with loss, reordering and duplication made by a link of the
# lab between the device and the stack. All at once, and what septet serve sends in parts of its own: they wait for
# timeouts more than for the processor.
. "$(dirname "$0")/common.sh"
need curl nginx b2sum
bytes=${SEPTET_IMPAIRED_BYTES:-1073741824}
faults=loss=1%,reorder=1%,reorder_delay=200us,duplicate=1%
parts=8
make_file file "$bytes"
wanted=$(digest "$directory/file")
running=()

# run NAME COMMAND...: in the background, output in NAME.got
run()
{
    local name=$1
    shift
    "$@" 2>"$directory/$name.err" >"$directory/$name.got" &
    running+=("$!")
    started+=("$!")
}

serve --http "$directory" --impair "$faults" --seed 7 --statistics
start_nginx
for number in 1 2; do
    ip tuntap add dev tap$number mode tap
    ip addr add 10.7.$number.1/24 dev tap$number
    ip -6 addr add fd07:$number::1/64 dev tap$number nodad
    ip link set tap$number up
done

begun=$SECONDS
for part in $(seq 0 $((parts - 1))); do
    range=$((bytes / parts * part))-$((bytes / parts * (part + 1) - 1))
    run "curl4-$part" curl -s -S -r $range http://10.7.0.2/file
    run "curl6-$part" curl -g -s -S -r $range "http://[fd07::2]/file"
done
into_digest='set -o pipefail; "$@" | b2sum | cut -d" " -f1'
run fetch4 bash -c "$into_digest" - "$septet" fetch -q --tap tap1 --address 10.7.1.2/24 --impair "$faults" --seed 7 \
    http://10.7.1.1:8080/file
run fetch6 bash -c "$into_digest" - "$septet" fetch -q --tap tap2 --address fd07:2::2/64 --impair "$faults" --seed 7 \
    "http://[fd07:2::1]:8080/file"
for process in "${running[@]}"; do
    wait "$process" || fail "a transfer: status $?"
done
echo "4 transfers of $bytes bytes with $faults took $((SECONDS - begun)) s"
same "septet serve over IPv4" "$wanted" "$(cat "$directory"/curl4-*.got | digest)"
same "septet serve over IPv6" "$wanted" "$(cat "$directory"/curl6-*.got | digest)"
same "septet fetch over IPv4" "$wanted" "$(cat "$directory/fetch4.got")"
same "septet fetch over IPv6" "$wanted" "$(cat "$directory/fetch6.got")"
expect "septet serve ends with an interrupt" stop "$server"
expect "segments were retransmitted" grep -q '^RetransSegs' "$directory/serve.err"
expect "segments came out of order" grep -q '^DSACKRecv' "$directory/serve.err"
finish
