#!/bin/bash
# live_capture.sh SEPTET: `septet capture` on the loopback of a namespace of its own.
. "$(dirname "$0")/common.sh"
need python3 ip
ip link set lo up || skip "no loopback here"
cd "$directory" || exit 1

fail()
{
    echo "$*"
    failures=$((failures + 1))
}

mkdir www
head -c 3000 /dev/zero | tr '\0' x >www/page
start server python3 -m http.server 8001 --bind 127.0.0.1 --directory www
for ((i = 0; i < 100; i++)); do
    (exec 3<>/dev/tcp/127.0.0.1/8001) 2>/dev/null && break
    sleep 0.1
done

# The connection that it makes itself: from the first SYN to the last ACK, and nothing else.
"$septet" capture --fetch http://127.0.0.1:8001/page fetch.pcapng >out 2>err || fail "--fetch: $(cat out err)"
grep -q "200 OK" out || fail "--fetch: no status in $(cat out)"
grep -q "both ends have closed" out || fail "--fetch: no end in $(cat out)"
"$septet" explain --packets fetch.pcapng >lines
head -n 1 lines | grep -qF "Flags [S]," || fail "the first frame is no SYN: $(head -n 1 lines)"
sed -n 2p lines | grep -qF "Flags [S.]," || fail "the second frame is no SYN+ACK"
tail -n 1 lines | grep -qF "Flags [.]," || fail "the last frame is no ACK: $(tail -n 1 lines)"
[ "$(grep -c 'F[.]\|FP[.]' lines)" = 2 ] || fail "not two FINs: $(cat lines)"
[ "$("$septet" explain -Y 'http.request.method == "GET"' --packets fetch.pcapng | wc -l)" = 1 ] || fail "no request"
[ "$(cut -c 17- lines | sort | uniq -d | wc -l)" = 0 ] || fail "frames are recorded twice"

# An interface, with the kernel's filter: another port's segments do not come, datagrams do.
start capture "$septet" capture -i lo --port 8001 --seconds 20 lo.pcapng
capture=$pid
sleep 1
python3 - <<'EOF'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"a datagram", ("127.0.0.1", 9))
try:
    socket.create_connection(("127.0.0.1", 8002))
except OSError:
    pass
c = socket.create_connection(("127.0.0.1", 8001))
c.sendall(b"GET /page HTTP/1.0\r\n\r\n")
while c.recv(65536):
    pass
EOF
sleep 1
kill -INT "$capture"
wait "$capture"
"$septet" explain -Y 'udp contains "datagram"' --packets lo.pcapng | grep -q "UDP, length 10" || fail "no datagram"
[ "$("$septet" explain -Y 'tcp.port == 8001' --packets lo.pcapng | wc -l)" -ge 7 ] || fail "segments are missing"
others=$("$septet" explain -Y "tcp.port == 8002 && !icmp" --packets lo.pcapng | wc -l)
[ "$others" = 0 ] || fail "$others segments of another port"

# Mistakes.
"$septet" capture -i nothing0 x.pcapng 2>err && fail "an interface that is not there"
grep -q "there is no interface 'nothing0'" err || fail "nothing0: $(cat err)"
"$septet" capture --fetch https://127.0.0.1/ x.pcapng 2>err && fail "https"
grep -q "TLS" err || fail "https: $(cat err)"
"$septet" capture --fetch http://127.0.0.1:8002/ x.pcapng >out 2>err && fail "a port where nobody listens"
grep -q "refused" err || fail "refused: $(cat err)"

[ "$failures" = 0 ]
