#!/bin/bash
# capture.sh SEPTET: tshark finds nothing wrong in what Septet sends and records, with offloads and without.
. "$(dirname "$0")/common.sh"
need curl nginx tshark ping
# Without offloads the kernel sends a window of packets at once: more than its queue holds unless it is told.
ip link set tap0 txqueuelen 4000
make_file file 3000000

# judge FILE WHAT: no checksum error, nothing malformed, nothing of ours that was not recorded. (A busy machine's device
# may lose what the kernel sends: that is not in our record, and rightly so.)
judge()
{
    local count bad
    count=$(tshark -r "$1" -T fields -e frame.number 2>/dev/null | wc -l)
    expect "$2: $count frames" test "$count" -gt 20
    bad=$(tshark -r "$1" -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
        -Y 'ip.checksum.status == "Bad" || tcp.checksum.status == "Bad" || udp.checksum.status == "Bad" ||
            icmp.checksum.status == "Bad" || icmpv6.checksum.status == "Bad" || _ws.malformed ||
            tcp.analysis.ack_lost_segment ||
            (tcp.analysis.lost_segment && (ip.src == 10.7.0.2 || ipv6.src == fd07::2))' 2>&1 |
        grep -v -e 'Running as user')
    same "$2: tshark" "" "$(head -n 5 <<<"$bad")"
}

for offload in "" --no-offload; do
    serve $offload --http "$directory" --echo --pcap "$directory/serve$offload.pcapng"
    for url in http://10.7.0.2/file "http://[fd07::2]/file" http://10.7.0.2/nothing; do
        curl -g -s -o /dev/null "$url" || fail "curl $url"
    done
    ping -q -n -c 2 -i 0.01 -s 5000 10.7.0.2 >/dev/null || fail "ping"
    ping -q -n -c 2 -i 0.01 -s 5000 fd07::2 >/dev/null || fail "ping"
    expect "septet serve ends with an interrupt" stop "$server"
    judge "$directory/serve$offload.pcapng" "septet serve $offload"
done

start_nginx
for offload in "" --no-offload; do
    for url in http://10.7.0.1:8080/file "http://[fd07::1]:8080/file"; do
        septet_client fetch -q $offload --pcap "$directory/fetch.pcapng" "$url" -o "$directory/got" || fail "fetch $url"
        judge "$directory/fetch.pcapng" "septet fetch $offload $url"
    done
done
expect "state changes are comments" grep -q -e 'SYN-SENT -> ESTABLISHED' \
    <(tshark -r "$directory/fetch.pcapng" -T fields -e frame.comment 2>/dev/null)
finish
