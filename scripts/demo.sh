#!/usr/bin/env bash
# demo.sh BUILD: two simulated conversations as ladders, and, where a network namespace may be made, one between this
# machine's own curl and `septet serve` over a TAP device. Needs no root.
set -u
build=$1
septet=$build/septet
top=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin

heading()
{
    printf '\n── %s\n\n' "$*"
}

conversation_with_curl()
{
    local directory serve tries=100
    directory=$(mktemp -d)
    mkdir "$directory/www"
    head -c 200000 /dev/zero | tr '\0' 'x' >"$directory/www/hello.txt"
    "$septet" serve --tap tap0 --address 10.7.0.2/24 --http "$directory/www" --ladder >"$directory/ladder" \
        2>"$directory/messages" &
    serve=$!
    until ip address add 10.7.0.1/24 dev tap0 2>/dev/null; do
        if ! kill -0 "$serve" 2>/dev/null || [ $((tries--)) -eq 0 ]; then
            echo "no TAP device here, so curl is not asked: $(head -n 1 "$directory/messages")"
            kill "$serve" 2>/dev/null
            rm -rf "$directory"
            return
        fi
        sleep 0.05
    done
    ip link set lo up
    ip link set tap0 up
    curl --silent --show-error --retry 20 --retry-connrefused --retry-delay 1 --max-time 20 \
        --output "$directory/got" http://10.7.0.2/hello.txt
    sleep 0.3
    kill -INT "$serve"
    wait "$serve"
    cat "$directory/ladder"
    if cmp --silent "$directory/got" "$directory/www/hello.txt"; then
        echo "curl has got all 200000 bytes."
    else
        echo "curl has not got the file."
        rm -rf "$directory"
        exit 1
    fi
    rm -rf "$directory"
}

if [ "${2:-}" = in-namespace ]; then
    conversation_with_curl
    exit
fi

cd "$top" || exit 1
heading "A connection opened and closed, in a simulated world: septet lab scenarios/seven-segments.ucl"
"$septet" lab --ladder --summary scenarios/seven-segments.ucl || exit 1
heading "The same over a line that loses, repeats and delays: septet lab scenarios/lossy-transfer.ucl"
"$septet" lab --ladder --summary scenarios/lossy-transfer.ucl || exit 1
heading "This machine's own curl and septet serve, over a TAP device"
if ! command -v curl >/dev/null || ! command -v ip >/dev/null; then
    echo "not shown: it takes curl and ip (Debian: curl iproute2)"
elif unshare --net true 2>/dev/null; then
    unshare --net "$BASH" "$top/scripts/demo.sh" "$build" in-namespace || exit 1
elif unshare --user --map-root-user --net true 2>/dev/null; then
    unshare --user --map-root-user --net "$BASH" "$top/scripts/demo.sh" "$build" in-namespace || exit 1
else
    echo "not shown: neither root nor unprivileged user namespaces, so no network namespace to do it in"
fi
