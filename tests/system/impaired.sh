#!/bin/bash
# impaired.sh SEPTET: transfers both ways with loss, reordering and duplication made by a link of the lab between the
# device and the stack.
. "$(dirname "$0")/common.sh"
need curl nginx b2sum
bytes=${SEPTET_IMPAIRED_BYTES:-1073741824}
faults=loss=1%,reorder=1%,reorder_delay=200us,duplicate=1%
make_file file "$bytes"
wanted=$(digest "$directory/file")

serve --http "$directory" --impair "$faults" --seed 7
for url in http://10.7.0.2/file "http://[fd07::2]/file"; do
    time_of curl -g -s -S -o "$directory/got" "$url" || fail "curl $url"
    same "curl $url, $faults: $(rate "$bytes" "$seconds")" "$wanted" "$(digest "$directory/got")"
    rm -f "$directory/got"
done
expect "septet serve ends with an interrupt" stop "$server"
expect "segments were retransmitted" grep -q ', [1-9][0-9]* of them retransmitted' "$directory/serve.out"

start_nginx
for url in http://10.7.0.1:8080/file "http://[fd07::1]:8080/file"; do
    time_of septet_client fetch -q --impair "$faults" --seed 7 "$url" -o "$directory/got" || fail "septet fetch $url"
    same "septet fetch $url, $faults: $(rate "$bytes" "$seconds")" "$wanted" "$(digest "$directory/got")"
    rm -f "$directory/got"
done
finish
