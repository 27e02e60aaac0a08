#!/bin/bash
# echo.sh SEPTET: a thousand connections at once to the echo service; discard, chargen and UDP echo.
. "$(dirname "$0")/common.sh"
need python3
ulimit -n 4096 2>/dev/null

serve --echo --discard --chargen --udp-echo
time_of python3 "$(dirname "$0")/echo_client.py" 10.7.0.2 7 1000
same "1000 connections at once over IPv4, $seconds s" 0 $?
time_of python3 "$(dirname "$0")/echo_client.py" fd07::2 7 1000
same "1000 connections at once over IPv6, $seconds s" 0 $?
python3 "$(dirname "$0")/small_services.py" 10.7.0.2
same "discard, chargen and UDP echo" 0 $?
expect "septet serve ends with an interrupt" stop "$server"
finish
