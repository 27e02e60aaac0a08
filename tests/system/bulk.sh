#!/bin/bash
# bulk.sh SEPTET: 1 GiB each way between the kernel's TCP and Septet's, over IPv4 and IPv6.
. "$(dirname "$0")/common.sh"
need curl nginx b2sum
bytes=1073741824
make_file file $bytes
wanted=$(digest "$directory/file")

# from_septet URL: curl reads from septet serve.
from_septet()
{
    local got
    time_of curl -g -s -S -o "$directory/got" "$1" || fail "curl $1"
    got=$(digest "$directory/got")
    same "curl $1: $(rate $bytes "$seconds")" "$wanted" "$got"
    rm -f "$directory/got"
}

serve --http "$directory"
from_septet http://10.7.0.2/file
from_septet "http://[fd07::2]/file"
expect "septet serve ends with an interrupt" stop "$server"

start_nginx
for url in http://10.7.0.1:8080/file "http://[fd07::1]:8080/file"; do
    time_of septet_client fetch -q "$url" -o "$directory/got" || fail "septet fetch $url"
    same "septet fetch $url: $(rate $bytes "$seconds")" "$wanted" "$(digest "$directory/got")"
    rm -f "$directory/got"
done
same "septet fetch into a pipe" "$wanted" "$(septet_client fetch -q http://10.7.0.1:8080/file | digest)"
finish
