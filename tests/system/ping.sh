#!/bin/bash
# ping.sh SEPTET: ICMP echo both ways, small, large and fragmented, over TAP and TUN.
. "$(dirname "$0")/common.sh"
need ping

serve --discard
for address in 10.7.0.2 fd07::2; do
    for size in 0 56 1400 8000 60000; do
        ping -q -n -c 3 -i 0.01 -W 2 -s $size "$address" >"$directory/ping.out"
        same "the kernel's ping of $address, $size bytes" 0 $?
    done
done
expect "septet serve ends with an interrupt" stop "$server"

for address in 10.7.0.1 fd07::1; do
    for size in 0 56 1400 8000 60000; do
        septet_client ping -c 3 -i 0.01 -s $size "$address" >"$directory/ping.out"
        same "septet ping $address, $size bytes" 0 $?
        expect "says so" grep -q '3 sent, 3 received, 0 % lost; min/avg/max' "$directory/ping.out"
    done
done
septet_client ping -c 2 -i 0.01 -W 0.2 10.7.0.77 >"$directory/ping.out"
same "nobody answers at 10.7.0.77" 1 $?
expect "says so" grep -q '2 sent, 0 received, 100 % lost' "$directory/ping.out"
septet_client ping -c 1 192.0.2.1 >"$directory/ping.out"
same "no route to 192.0.2.1" 1 $?
expect "says so" grep -q 'no route' "$directory/ping.out"

ip tuntap add dev tun0 mode tun
ip addr add 10.8.0.1/24 dev tun0
ip -6 addr add fd08::1/64 dev tun0 nodad
ip link set tun0 up
for address in 10.8.0.1 fd08::1; do
    "$septet" ping --tun tun0 --address 10.8.0.2/24 --address fd08::2/64 -c 3 -i 0.01 $address >"$directory/ping.out"
    same "septet ping $address over TUN" 0 $?
done
finish
