#!/bin/bash
# http.sh SEPTET: what a browser, a careful client and a careless one ask of septet serve; what septet fetch says.
. "$(dirname "$0")/common.sh"
need curl nginx python3
mkdir "$directory/www" "$directory/www/sub dir"
make_file www/data 100000
echo '<p>index' >"$directory/www/index.html"
echo text >"$directory/www/sub dir/a <b>.txt"
ln -s /etc/passwd "$directory/www/outside"
: >"$directory/www/empty"
base=http://10.7.0.2

status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }

serve --http "$directory/www"
same "a file" 200 "$(status $base/data)"
same "an empty file" 200 "$(status $base/empty)"
same "nothing" 404 "$(status $base/nothing)"
same "a link that leads outside" 403 "$(status $base/outside)"
same "above the root" 403 "$(status --path-as-is $base/../etc/passwd)"
same "above the root, encoded" 403 "$(status --path-as-is $base/%2e%2e/etc/passwd)"
same "a bad encoding" 400 "$(status $base/%zz)"
same "another method" 405 "$(status -X POST -d x $base/data)"
same "HEAD" 200 "$(status -I $base/data)"
same "a long target" 414 "$(status "$base/$(head -c 9000 /dev/zero | tr '\0' a)")"
same "many fields" 431 "$(status -H "X: $(head -c 20000 /dev/zero | tr '\0' a)" $base/data)"
same "the index" '<p>index' "$(curl -s $base/)"
same "a directory without a slash" 301 "$(status "$base/sub%20dir")"
expect "a listing" grep -q '<a href="./a%20%3Cb%3E.txt">' <(curl -s "$base/sub%20dir/")
same "a part" "$(head -c 200 "$directory/www/data" | tail -c 100 | digest)" \
    "$(curl -s -r 100-199 $base/data | digest)"
same "the status of a part" 206 "$(status -r 100-199 $base/data)"
same "a part outside" 416 "$(status -r 100000- $base/data)"
tag=$(curl -s -I $base/data | tr -d '\r' | sed -n 's/^ETag: //p')
same "not modified, by tag" 304 "$(status -H "If-None-Match: $tag" $base/data)"
same "not modified, by time" 304 "$(status -z "$directory/www/data" $base/data)"
same "several requests on one connection" 1 \
    "$(curl -s -o /dev/null -o /dev/null -o /dev/null -w '%{num_connects}\n' $base/data $base/empty $base/data |
        awk '{ sum += $1 } END { print sum }')"
python3 "$(dirname "$0")/http_client.py" 10.7.0.2 80 "$directory/www/data"
same "pipelining, slow clients, broken requests" 0 $?
expect "septet serve ends with an interrupt" stop "$server"

ip tuntap add dev tun0 mode tun
ip addr add 10.8.0.1/24 dev tun0
ip link set tun0 up
start tun "$septet" serve --tun tun0 --address 10.8.0.2/24 --http "$directory/www"
wait_until 5 grep -q 10.8.0.2 "$directory/tun.out"
same "a file over TUN" "$(digest "$directory/www/data")" "$(curl -s http://10.8.0.2/data | digest)"
expect "septet serve ends with SIGTERM" bash -c "kill -TERM $pid"
wait "$pid"
same "its status" 0 $?

start_nginx
fetch_error()
{
    local wanted=$1 text=$2
    shift 2
    septet_client fetch "$@" >"$directory/fetch.out" 2>"$directory/fetch.err"
    same "septet fetch $*: status" "$wanted" $?
    expect "says '$text'" grep -q "$text" "$directory/fetch.err"
    same "in one line" 1 "$(wc -l <"$directory/fetch.err")"
}
file=$directory/part
fetch_error 1 '404' http://10.7.0.1:8080/nothing -o "$file"
expect "nothing was written" test ! -e "$file"
fetch_error 1 'at http://.*/elsewhere' http://10.7.0.1:8080/moved
fetch_error 1 'refused' http://10.7.0.1:8081/
fetch_error 1 'cannot write' http://10.7.0.1:8080/www/data -o /nonexistent/file
fetch_error 2 'numeric address' http://example.org/
head -c 40000 "$directory/www/data" >"$file"
fetch_error 0 'KiB in' http://10.7.0.1:8080/www/data --continue -o "$file"
same "septet fetch --continue" "$(digest "$directory/www/data")" "$(digest "$file")"
fetch_error 0 'complete already' http://10.7.0.1:8080/www/data --continue -o "$file"
same "septet fetch of an empty file" "" "$(septet_client fetch -q http://10.7.0.1:8080/www/empty)"
same "a pipe whose reader leaves" 1 \
    "$(septet_client fetch -q http://10.7.0.1:8080/www/data 2>/dev/null | head -c 1 | wc -c)"
start chunked python3 "$(dirname "$0")/chunked_server.py" 10.7.0.1 8090
wait_until 5 grep -q ready "$directory/chunked.out"
same "a chunked body" "$(seq 1 20000 | digest)" "$(septet_client fetch -q http://10.7.0.1:8090/ | digest)"
finish
