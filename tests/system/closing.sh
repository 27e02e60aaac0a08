#!/bin/bash
# closing.sh SEPTET: half-close, FIN and RST, seen from both sides.
. "$(dirname "$0")/common.sh"
need python3

serve --echo --discard --chargen --http "$directory" --pcap "$directory/serve.pcapng" --ladder
: >"$directory/empty"
python3 "$(dirname "$0")/closing_client.py" 10.7.0.2 "$server"
same "the kernel as client of septet serve" 0 $?
wait "$server"
same "septet serve ends with an interrupt" 0 $?
for text in 'SYN-RECEIVED .* SYN seq=0' 'ESTABLISHED .* ACK seq=1' 'CLOSE-WAIT .* FIN+ACK' 'LAST-ACK .* FIN+ACK' \
    ' RST+ACK seq=0' 'more, .* with .* bytes'; do
    expect "the ladder has '$text'" grep -q "$text" "$directory/serve.out"
done
if command -v tshark >/dev/null; then
    comments=$(tshark -r "$directory/serve.pcapng" -T fields -e frame.comment 2>/dev/null)
    for change in 'ESTABLISHED -> CLOSE-WAIT' 'CLOSE-WAIT -> LAST-ACK' 'LAST-ACK -> CLOSED' \
        'ESTABLISHED -> FIN-WAIT-1' 'ESTABLISHED -> CLOSED'; do
        expect "Septet went $change" grep -q -e "$change" <<<"$comments"
    done
fi

start servers python3 "$(dirname "$0")/closing_servers.py" 10.7.0.1
wait_until 5 grep -q ready "$directory/servers.out"
ending()
{
    septet_client fetch -q -o "$directory/got" "http://10.7.0.1:$1/" 2>"$directory/fetch.err"
    same "$3: status" "$2" $?
    [ -z "$4" ] || expect "says '$4'" grep -q "$4" "$directory/fetch.err"
}
ending 9001 0 "FIN after the body" ""
ending 9002 0 "FIN is the end of the body" ""
ending 9003 1 "FIN before the end" "closed the connection after 5 of 10 bytes"
ending 9004 1 "RST before the end" "reset"
ending 9005 1 "FIN without a response" "closed the connection before its response"
ending 9006 1 "RST instead of an answer" "reset"
ending 9999 1 "RST instead of a connection" "refused"
finish
